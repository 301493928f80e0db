"""Asks the real oslo.policy, as Glance uses it, and writes the answers to oslo.json.

Needs a Python with glance 33.0.0 and oslo.policy 6.0.1:  python oslo.py > oslo.json
"""
import itertools
import json
import logging
import random
import sys
import warnings

from oslo_config import cfg

import glance.domain
from glance.api import policy
from glance.context import RequestContext
from oslo_policy import _parser

warnings.simplefilter("ignore")
cfg.CONF([], project="glance")

CALLERS = [
    {"user_id": "u1", "project_id": "p1", "roles": ["member", "reader"]},
    {"user_id": "root", "project_id": "p9", "roles": ["admin", "manager", "member", "reader"]},
    {"user_id": "u2", "project_id": "p2", "roles": ["reader"], "service_roles": ["service"]},
    {"user_id": "sys", "system_scope": "all", "roles": ["admin", "reader"]},
    {"user_id": "dom", "domain_id": "d1", "roles": ["admin", "member"]},
    {"user_id": "svc", "project_id": "services", "roles": ["service"]},
]

# What ours is told of a target, and what Glance makes of it: a record, a record to be, or nothing.
TARGETS = [
    {"kind": "image", "owner": "p1", "visibility": "private", "name": "a", "status": "queued", "protected": True,
     "os_hidden": False, "min_ram": 0, "min_disk": 7, "properties": {"os_type": "linux", "p": "u1", "empty": ""}},
    {"kind": "image", "owner": "p2", "visibility": "shared", "member": "p1", "name": None, "status": "active",
     "protected": False, "os_hidden": True, "min_ram": 64, "min_disk": 0, "size": 12, "properties": {"role": "Member"}},
    {"kind": "image", "owner": "p9", "visibility": "public", "name": "u1", "status": "deactivated", "protected": False,
     "os_hidden": False, "min_ram": 0, "min_disk": 0, "properties": {}},
    {"kind": "new", "owner": "p1", "visibility": "community"},
    {"kind": "none"},
]

ATOMS = ["@", "!", "role:member", "role:admin", "project_id:%(project_id)s", "project_id:%(member_id)s",
         "'public':%(visibility)s", "user_id:%(name)s", "rule:friends", "roles:reader"]

WRITTEN = [
    "", " ", "@", "!", "True", "False", "role:member", "role:Member", "role:MEMBER", "role:%(role)s", "role:%(nope)s",
    "role:", "role:a:b", "rule:friends", "rule:context_is_admin", "rule:default", "rule:add_image",
    "project_id:%(project_id)s", "project_id:%(owner)s", "project_id:p1", "project_id:%(member_id)s",
    "project_id:%(member)s", "user_id:u1", "user_id:%(user_id)s", "user_id:%(p)s", "user_id:%(name)s",
    "tenant:%(project_id)s", "tenant:p1", "tenant_id:p1", "user:u1", "is_admin:True", "is_admin:False", "is_admin:1",
    "is_public_api:True", "domain_id:d1", "domain_id:%(domain_id)s", "system_scope:all", "system:all", "roles:reader",
    "roles:Reader", "roles:%(role)s", "service_roles:service", "service_roles:member", "shoe_size:44",
    "roles.name:reader", "target.owner:p1",
    "'public':%(visibility)s", "\"public\":%(visibility)s", "'shared':%(visibility)s", "'x-public':x-%(visibility)s",
    "'private':%(visibility)s", "'community':%(visibility)s", "'linux':%(os_type)s", "'':%(empty)s", "'':",
    "None:%(name)s", "'None':%(name)s", "None:%(owner)s", "None:%(os_type)s", "None:%(member_id)s", "'None':%(size)s",
    "True:%(protected)s", "False:%(os_hidden)s", "True:%(os_hidden)s", "'True':%(protected)s", "true:%(protected)s",
    "True:True", "5:5", "5:05", "05:5", "-5:-5", "5.0:5.0", "7:%(min_disk)s", "64:%(min_ram)s", "12:%(size)s",
    "'7':%(min_disk)s", "'queued':%(status)s", "'active':%(status)s", "'100%':100%%", "'%':%%", "'%(x)s':%%(x)s",
    "'a b':%(name)s", "'a':'a'", "'a':a", "\"a'b\":a'b", "a:a", "a:b:c", "'a:b':a:b", "'a':a:b", ":x", ":", "x:",
    "banana", "role", "'role:member'", "\"role:member\"", "('a':'a')",
    "role:member and", "and role:member", "or", "not", "not not", "role:member role:reader", "(role:member",
    "role:member)", "()", "( )", "(@", "@)", "(@)", "((@))", "( @ )", "(@) and (@)", "not(@)", "not (@)", "not @",
    "not !", "not not @", "NOT ! AND @", "Not ! or @", "@ or @ and !", "(@ or @) and !", "! and ! or @", "not ! and @",
    "not (! or @)", "@ and not ! or !", "! or not @ and @", "(! or @) and (@ or !) and not !", "@ and\t@", "@ or\n!",
    "  @  ", "role:member and(role:reader)", "(role:member)and role:reader", "@ and and @", "@ not @", "@ or not",
    "project_id:%(owner)s and ('linux':%(os_type)s or 'windows':%(os_type)s)", "role:a) or (role:member",
    "%(owner)s:p1", "project_id:x%(owner)s", "project_id:%(owner)sx", "project_id:p%(min_disk)s",
    "'p1-private':%(owner)s-%(visibility)s", "role:mem%(nope)sber", "not role:%(nope)s", "not 'x':%(nope)s",
    "not shoe_size:44", "rule:", "rule:friends:x",
    # The old way, lists of lists.
    [], [[]], [["role:member"]], ["role:member"], [["role:member", "role:admin"]], [["role:member"], ["role:admin"]],
    [["role:member", "project_id:%(project_id)s"], ["rule:friends"]], [[], ["role:admin"]], ["@"], ["!"], [["@", "!"]],
    [["!"], "@"], [["role:member and role:reader"]], [["not role:member"]], [["banana"]], [["rule:context_is_admin"]],
]


def generated():
    dice = random.Random(33)

    def expression(depth):
        roll = dice.random()
        if depth == 0 or roll < 0.3:
            return dice.choice(ATOMS)
        if roll < 0.45:
            return "not " + expression(depth - 1)
        if roll < 0.65:
            return "(" + expression(depth - 1) + ")"
        word = dice.choice([" and ", " or ", " AND ", "  or "])
        return expression(depth - 1) + word + expression(depth - 1)

    return [expression(4) for _ in range(220)]


def target(described):
    if described["kind"] == "none":
        return {}
    if described["kind"] == "new":
        return {"project_id": described["owner"], "owner": described["owner"], "visibility": described["visibility"]}
    known = {key: value for key, value in described.items() if key not in ("kind", "properties")}
    return policy.ImageTarget(glance.domain.Image(
        image_id="7a3a1c0a-9c1f-4f0e-8d6e-0d1f3b0c2a11", created_at=None, updated_at=None,
        extra_properties=described["properties"], **known))


class Complaints(logging.Handler):
    """oslo.policy logs a rule that it does not understand, and lets nobody pass."""
    def emit(self, record):
        self.heard = True


def main():
    complaints = Complaints()
    logging.getLogger("oslo_policy._parser").addHandler(complaints)
    logging.getLogger("oslo_policy._parser").propagate = False
    enforcer = policy.Enforcer(suppress_deprecation_warnings=True)
    callers = [RequestContext(policy_enforcer=enforcer, **caller) for caller in CALLERS]
    targets = [target(described) for described in TARGETS]
    defaults = {name: "".join("01"[bool(enforcer.check(caller, name, aim))]
                              for caller, aim in itertools.product(callers, targets))
                for name in enforcer.registered_rules}
    cases = []
    for rule in WRITTEN + generated():
        complaints.heard = False
        parsed = _parser.parse_rule(rule)
        case = {"rule": rule}
        if complaints.heard:
            case["refused"] = "not understood"
        else:
            enforcer.set_rules({"friends": _parser.parse_rule("role:reader or role:friend"), "case": parsed},
                               overwrite=False)
            try:
                answers = [enforcer.check(caller, "case", aim, registered=False)
                           for caller, aim in itertools.product(callers, targets)]
                case["answers"] = "".join("01"[bool(answer)] for answer in answers)
            except Exception as err:
                case["refused"] = type(err).__name__
        cases.append(case)
    default_lines = ",\n".join("  %s: %s" % (json.dumps(name), json.dumps(defaults[name])) for name in defaults)
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    sys.stdout.write('{"callers": %s,\n"targets": %s,\n"defaults": {\n%s\n},\n"cases": [\n%s\n]}\n'
                     % (json.dumps(CALLERS), json.dumps(TARGETS), default_lines, lines))


main()
