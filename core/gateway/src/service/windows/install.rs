//! Making a service, changing it, removing it.

use super::{control, error, error::ERROR_SERVICE_EXISTS, event_log, settings};
use crate::{
    cli::given,
    commands::say,
    config::{self, Config},
    exit::{Exit, Failure, Result},
    secret_file::{Right, grant},
    service::{
        account::Account,
        args::{InstallArgs, Start},
    },
    wiring,
};
use std::{
    env,
    error::Error,
    ffi::{OsStr, OsString},
    path::{Path, absolute},
};
use windows_service::{
    service::{
        Service, ServiceAccess, ServiceDependency, ServiceErrorControl, ServiceInfo, ServiceStartType, ServiceType,
    },
    service_manager::{ServiceManager, ServiceManagerAccess},
};

pub(super) fn install(args: &InstallArgs) -> Result<()> {
    let name = args.service.name.as_str();
    let file = absolute(&args.config.config).map_err(Failure::of(Exit::Usage, "--config"))?;
    let config = config::load(&file)?;
    let password_file = given(args.password_file.as_deref()).map(Path::new);
    let account = given(args.account.as_deref()).map(|account| Account::read(account, password_file));
    let account = account.transpose().map_err(|text| Failure::new(Exit::Usage, text))?;

    let service = create_or_change(&describe(args, &file, account)?, args)?;
    settings::set(&service, wiring::longest_end(&config));
    settle("the source of its events", event_log::register(name));
    grant_folders(&service, &file, &config);
    say(format_args!("the service {name} is installed, with {}", file.display()))
}

pub(super) fn uninstall(name: &str) -> Result<()> {
    let service = control::open(name, ServiceAccess::STOP | ServiceAccess::QUERY_STATUS | ServiceAccess::DELETE)?;
    control::stop_service(&service, name)?;
    service.delete().map_err(error::of(&format!("the service {name} cannot be removed")))?;
    settle("the source of its events", event_log::deregister(name));
    say(format_args!("the service {name} is removed; configuration and data are still there"))
}

/// A new service.
fn describe(args: &InstallArgs, file: &Path, account: Option<Account>) -> Result<ServiceInfo> {
    let name = args.service.name.as_str();
    let account = account.unwrap_or_else(|| Account::of_service(name));
    let program = env::current_exe().map_err(Failure::of(Exit::Internal, "this program's own path"))?;
    let arguments: [&OsStr; 6] =
        ["service".as_ref(), "run".as_ref(), "--name".as_ref(), name.as_ref(), "--config".as_ref(), file.as_os_str()];
    Ok(ServiceInfo {
        name: name.into(),
        display_name: format!("{name} image service").into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: start_type(args.start.unwrap_or(Start::Delayed)),
        error_control: ServiceErrorControl::Normal,
        executable_path: program,
        launch_arguments: arguments.map(OsString::from).into(),
        dependencies: args.depends_on.iter().map(|other| ServiceDependency::Service(other.into())).collect(),
        account_name: Some(account.name.into()),
        account_password: account.password.map(OsString::from),
    })
}

fn start_type(start: Start) -> ServiceStartType {
    match start {
        Start::Auto | Start::Delayed => ServiceStartType::AutoStart,
        Start::Manual => ServiceStartType::OnDemand,
    }
}

fn create_or_change(info: &ServiceInfo, args: &InstallArgs) -> Result<Service> {
    let name = args.service.name.as_str();
    // To let it be started after a failure takes the right to start it.
    let access = ServiceAccess::QUERY_CONFIG | ServiceAccess::CHANGE_CONFIG | ServiceAccess::START;
    let manager = ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE;
    let manager = ServiceManager::local_computer(None::<&OsStr>, manager);
    let manager = manager.map_err(error::of("the Service Control Manager cannot be asked"))?;
    match manager.create_service(info, access) {
        Err(err) if error::code(&err) == Some(ERROR_SERVICE_EXISTS) => {
            let what = format!("the service {name} cannot be changed");
            let service = manager.open_service(name, access).map_err(error::of(&what))?;
            change(&service, info, args).map_err(error::of(&what))?;
            Ok(service)
        }
        created => {
            let service = created.map_err(error::of(&format!("the service {name} cannot be made")))?;
            let start = args.start.unwrap_or(Start::Delayed);
            settle("its late start", service.set_delayed_auto_start(start == Start::Delayed));
            Ok(service)
        }
    }
}

/// What nobody has said now stays as it is: an upgrade does not know the password of an account.
fn change(service: &Service, new: &ServiceInfo, args: &InstallArgs) -> windows_service::Result<()> {
    let now = service.query_config()?;
    let mut info = new.clone();
    if given(args.account.as_deref()).is_none() {
        info.account_name = None;
    }
    if args.depends_on.is_empty() {
        info.dependencies = now.dependencies;
    }
    info.start_type = args.start.map_or(now.start_type, start_type);
    service.change_config(&info)?;
    if let Some(start) = args.start {
        settle("its late start", service.set_delayed_auto_start(start == Start::Delayed));
    }
    Ok(())
}

/// The service's account reads the configuration, and changes what lies beside the database and the log.
fn grant_folders(service: &Service, file: &Path, config: &Config) {
    let account = service.query_config().ok().and_then(|config| config.account_name);
    let Some(account) = account.and_then(|account| account.into_string().ok()) else { return };
    if account.eq_ignore_ascii_case("LocalSystem") {
        return;
    }
    let log = config.log_file(false);
    let written = [Some(config.catalog.path.as_path()), log.as_deref(), config.plugin_shadow_dir.as_deref()];
    let mut folders: Vec<_> =
        written.into_iter().flatten().filter_map(Path::parent).map(|f| (f, Right::Modify)).collect();
    folders.dedup_by_key(|(folder, _)| *folder);
    folders.extend(file.parent().map(|folder| (folder, Right::Read)));
    for (folder, right) in folders {
        settle("the rights of its account", grant(folder, &account, right));
    }
}

/// What a service can do without for now is no reason not to have it.
pub(super) fn settle<E: Error + 'static>(what: &str, done: std::result::Result<(), E>) {
    if let Err(error) = done {
        eprintln!("warning: {what}: {}", root_cause(&error));
    }
}

/// What Windows has said.
fn root_cause<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}
