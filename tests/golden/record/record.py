"""Records what Glance 33 answers to the scripts of this suite. Needs a system that forks.

    pip install -r requirements.txt
    python record.py [SCRIPT ...]

Glance runs within this process: no network, a database in a file, callers by headers. Each script gets a process and a
folder of its own. The answers go to ../answers, with what differs from run to run masked as mask.rs masks it.
"""

import json
import os
import re
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADERS = [
    "Accept-Patch", "Allow", "Content-Length", "Content-MD5", "Content-Range", "Content-Type", "Location",
    "OpenStack-image-import-methods", "OpenStack-image-store-ids", "WWW-Authenticate",
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
PATIENCE = 60


def read(*path):
    with open(os.path.join(HERE, *path), encoding="utf-8") as file:
        return json.load(file)


def main():
    names = sys.argv[1:] or sorted(name[:-5] for name in os.listdir(os.path.join(HERE, "scripts")))
    # Slow to load, and forked cheaply.
    from glance.common import wsgi_app  # noqa: F401

    for name in names:
        child = os.fork()
        if child == 0:
            try:
                with tempfile.TemporaryDirectory() as root:
                    record(name, root)
                sys.stdout.flush()
            finally:
                # Threads of Glance would wait for work for ever.
                os._exit(0)
        os.waitpid(child, 0)


def record(name, root):
    site, *steps = read("scripts", name + ".json")
    app = start(root, site["site"])
    masks = {root: "<root>"}
    answers = []
    for step in steps:
        answers.append({"at": step["at"], **answer(app, root, step, masks)})
    with open(os.path.join(HERE, "answers", name + ".json"), "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in answers) + "\n]\n")
    print(name, len(answers))


def start(root, site):
    """Configures Glance as the gateway of this site is configured, and gives the application."""
    several, open_locations = site == "several", site != "closed"
    os.makedirs(root + "/etc")
    for folder in ("fast", "cheap", "staging", "tasks", "lock"):
        os.makedirs(f"{root}/{folder}")
    with open(root + "/etc/glance-api.conf", "w", encoding="utf-8") as file:
        file.write(f"""
[DEFAULT]
transport_url = fake:/
{"enabled_backends = cheap:file,fast:file,web:http" if several else ""}
show_multiple_locations = {open_locations}
show_image_direct_url = {open_locations}
node_staging_uri = file://{root}/staging/
enabled_import_methods = []
[database]
connection = sqlite:///{root}/glance.sqlite
[glance_store]
{"default_backend = fast" if several else "stores = file"}
{"" if several else "default_store = file"}
{"" if several else f"filesystem_store_datadir = {root}/fast"}
[fast]
filesystem_store_datadir = {root}/fast
store_description = Fast store
weight = 100
[cheap]
filesystem_store_datadir = {root}/cheap
store_description = Cheap store
[web]
store_description = Web store
[os_glance_staging_store]
filesystem_store_datadir = {root}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {root}/tasks
[oslo_concurrency]
lock_path = {root}/lock
[paste_deploy]
flavor =
config_file = {root}/etc/glance-api-paste.ini
[oslo_policy]
enforce_new_defaults = true
[keystone_authtoken]
auth_url = http://127.0.0.1:1/
""")
    with open(root + "/etc/glance-api-paste.ini", "w", encoding="utf-8") as file:
        file.write("""
[composite:glance-api]
paste.composite_factory = glance.api:root_app_factory
/: api
[composite:api]
paste.composite_factory = glance.api:pipeline_factory
default = versionnegotiation context rootapp
[composite:rootapp]
paste.composite_factory = glance.api:root_app_factory
/: apiversions
/v2: apiv2app
[app:apiversions]
paste.app_factory = glance.api.versions:create_resource
[app:apiv2app]
paste.app_factory = glance.api.v2.router:API.factory
[filter:versionnegotiation]
paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory
[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
""")
    os.environ["OS_GLANCE_CONFIG_DIR"] = root + "/etc"
    sys.argv = sys.argv[:1]
    import logging
    import warnings

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    import sqlalchemy
    from glance.common import wsgi_app
    from glance.db.sqlalchemy import models, models_metadef

    engine = sqlalchemy.create_engine(f"sqlite:///{root}/glance.sqlite")
    models.BASE.metadata.create_all(engine)
    models_metadef.BASE_DICT.metadata.create_all(engine)
    return wsgi_app.init_app()


def answer(app, root, step, masks):
    until = step.get("until")
    deadline = time.monotonic() + PATIENCE
    while True:
        raw = send(app, root, step, masks)
        if not until or time.monotonic() > deadline or all(pointed(raw["body"], at) == value for at, value in until.items()):
            break
        time.sleep(0.1)
    for name, at in step.get("keep", {}).items():
        masks[pointed(raw["body"], at)] = f"<{name}>"
    return mask(raw, masks)


def send(app, root, step, masks):
    import webob

    method = next(method for method in METHODS if method in step)
    values = {label: value for value, label in masks.items()}

    def fill(text):
        return re.sub(r"\$\{(\w+)\}", lambda found: values[f"<{found[1]}>"], text)

    request = webob.Request.blank(fill(step[method]), method=method)
    caller = step.get("as", "p1")
    if caller != "nobody":
        caller = read("callers.json")[caller]
        request.headers.update({
            "X-Identity-Status": "Confirmed", "X-User-Id": caller["user"], "X-Project-Id": caller["project"],
            "X-Roles": ",".join(caller["roles"]), "X-Auth-Token": "token",
        })
    if "json" in step:
        request.body = fill(json.dumps(step["json"])).encode()
        request.headers["Content-Type"] = "application/json"
    if "data" in step:
        request.body = data(step["data"])
    for name, value in step.get("headers", {}).items():
        request.headers[name] = value
    try:
        response = request.get_response(app)
    except Exception as error:
        return {"status": 500, "headers": {}, "body": f"escaped: {type(error).__name__}"}
    body = response.body.decode("utf-8", "backslashreplace")
    # The length of other bodies is their own affair, and a type belongs to a body.
    is_data = method == "GET" and step[method].split("?")[0].endswith("/file") and response.status_int < 300
    left_out = ([] if is_data else ["Content-Length"]) + ([] if body else ["Content-Type"])
    headers = {name: response.headers[name] for name in HEADERS if name in response.headers and name not in left_out}
    if headers.get("Content-Type", "").startswith("application/json") and body:
        body = json.loads(body)
    return {"status": response.status_int, "headers": headers, "body": body}


def data(parts):
    """`text:…`, `hex:…`, `zeros:LENGTH`, one after the other."""
    makers = {"text": str.encode, "hex": bytes.fromhex, "zeros": lambda length: bytes(int(length))}
    return b"".join(makers[kind](value) for kind, value in (part.split(":", 1) for part in parts))


def pointed(body, at):
    for key in at.split("/")[1:]:
        try:
            body = body[int(key)] if isinstance(body, list) else body[key]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return body


def mask(value, masks):
    if isinstance(value, dict):
        return {mask(key, masks): mask(inner, masks) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask(inner, masks) for inner in value]
    if not isinstance(value, str):
        return value
    for known, label in masks.items():
        value = value.replace(known, label)
    value = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>", value)
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?", "<time>", value)


main()
