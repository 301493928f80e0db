/* What `sc control NAME paramchange` does on Windows. Wine's sc has no such command. */
#include <windows.h>
#include <stdio.h>

static int failed(const char *what)
{
    fprintf(stderr, "%s: error %lu\n", what, GetLastError());
    return 1;
}

int main(int argc, char **argv)
{
    SERVICE_STATUS status;
    SC_HANDLE manager, service;

    if (argc != 2)
        return 2;
    manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
    if (!manager)
        return failed("OpenSCManager");
    service = OpenServiceA(manager, argv[1], SERVICE_PAUSE_CONTINUE);
    if (!service)
        return failed("OpenService");
    if (!ControlService(service, SERVICE_CONTROL_PARAMCHANGE, &status))
        return failed("ControlService");
    return 0;
}
