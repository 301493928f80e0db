"""Asks Glance's property protections, and writes the answers to protections.json.

Needs a Python with glance 33.0.0 and oslo.policy 6.0.1:  python protections.py > protections.json
"""
import configparser
import itertools
import json
import logging
import sys
import tempfile

from oslo_config import cfg

from glance.api import policy
from glance.common import property_utils
from glance.context import RequestContext
from oslo_policy import _parser

logging.disable(logging.CRITICAL)
cfg.CONF([], project="glance")

CALLERS = [
    {"roles": ["member", "reader"]},
    {"roles": ["admin", "manager", "member", "reader"]},
    {"roles": ["spl_role"]},
    {"roles": ["reader"], "service_roles": ["service"]},
    {"roles": []},
]
PROPERTIES = ["x_owner_one", "my_x_owner_", "x_none", "x_all", "spl_create_prop", "stranger", "os_glance_stage_host",
              "my_os_glance_x", "X_OWNER_", "a1", "a.b"]
OPERATIONS = ["create", "read", "update", "delete"]
POLICY = {"owners": "role:admin or role:spl_role", "services": "role:service", "everybody": "", "nobody": "!",
          "own": "project_id:%(project_id)s"}


def section(name, create, read, update, delete):
    return "[%s]\ncreate = %s\nread = %s\nupdate = %s\ndelete = %s\n" % (name, create, read, update, delete)


ROLES = [
    "",
    "# nothing\n; at all\n",
    section("^x_owner_.*", "admin", "admin,member", "admin, Member", "admin"),
    section("x_owner_", "Admin,SPL_role", "@", "!", "") + section(".*", "@", "@", "@", "@"),
    section(".*", "!", "!", "!", "!") + section("x_.*", "@", "@", "@", "@"),
    section("x_all", "@", "@", "@", "@") + section("x_none", "!", "!", "!", "!") + section("^spl_.*", "spl_role",
                                                                                         "spl_role,service", "", "admin"),
    section("x_.*", "admin,!", "admin,@", "!", "service"),
    section("os_glance_stage.*", "!", "!", "!", "!") + section("os_.*", "!", "!", "!", "!"),
    section(r"^[a-z]\d$", "@", "@", "admin", "admin") + section(r"^a\.b$|^x_(all|none)$", "member", "@", "@", "@"),
    section("[^x_.*]", "@", "reader", "!", "admin"),
    "[.*]\nCREATE : admin\nread: @\n  \nupdate=member,\n  reader\ndelete =admin\n # not this one\n",
    "[DEFAULT]\ncreate = admin\nread = @\nupdate = @\ndelete = !\n[x_.*]\nread = admin\n[^a]\n",
    "[(?i)x_owner]\ncreate = @\nread = @\nupdate = @\ndelete = @\n",
    # Files that stop the start.
    "[x]\ncreate = admin\nread = admin\nupdate = admin\n",
    section("x", "@,!", "@", "@", "@"),
    section("x(", "@", "@", "@", "@"),
    section("*x", "@", "@", "@", "@"),
    section("x", "@", "@", "@", "@") + section("x", "!", "!", "!", "!"),
    "[x]\ncreate = @\ncreate = !\nread = @\nupdate = @\ndelete = @\n",
    "create = @\n",
    "[x]\ncreate\nread = @\nupdate = @\ndelete = @\n",
    section("x", "50%", "@", "@", "@"),
]
POLICIES = [
    section("^x_owner_.*", "owners", "everybody", "services", "nobody"),
    section("x_.*", "@", "!", "", "own") + section(".*", "services", "owners", "@", "!"),
    # Files that stop the start.
    section("x", "owners,services", "@", "@", "@"),
]


def answers(text, form):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        cfg.CONF.set_override("property_protection_file", file.name)
        cfg.CONF.set_override("property_protection_rule_format", form)
        property_utils.CONFIG = configparser.ConfigParser()
        enforcer = policy.Enforcer(suppress_deprecation_warnings=True)
        enforcer.set_rules({name: _parser.parse_rule(rule) for name, rule in POLICY.items()}, overwrite=False)
        rules = property_utils.PropertyRules(enforcer)

    def ask(caller, name, operation):
        # A context of its own each time: asking adds the service's roles to the caller's.
        caller = {key: list(value) for key, value in caller.items()}
        context = RequestContext(policy_enforcer=enforcer, project_id="p1", **caller)
        return rules.check_property_rules(name, operation, context)

    return "".join("01"[bool(ask(*case))] for case in itertools.product(CALLERS, PROPERTIES, OPERATIONS))


def case(text, form):
    try:
        return {"file": text, "format": form, "answers": answers(text, form)}
    except Exception as err:
        return {"file": text, "format": form, "refused": type(err).__name__}


cases = [case(text, "roles") for text in ROLES] + [case(text, "policies") for text in POLICIES]
sys.stdout.write('{"callers": %s,\n"properties": %s,\n"policy": %s,\n"cases": [\n%s\n]}\n' % (
    json.dumps(CALLERS), json.dumps(PROPERTIES), json.dumps(POLICY),
    ",\n".join("  " + json.dumps(case) for case in cases)))
