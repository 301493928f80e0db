"""Fills a fresh Keystone with what the suites expect: tests/harness/keystone.rs tells of it.

Reads OS_AUTH_URL, OS_PASSWORD and OS_REGION_NAME.
"""
import os

import openstack

# Who has which role where. The admin of the project `admin` and of the system is there already.
PROJECTS = {
    'service': {'glance': ['admin', 'service'], 'swift': ['admin', 'service'], 'reseller': ['reseller_admin']},
    'demo': {
        'demo': ['member'],
        'demo_reader': ['reader'],
        'demo_manager': ['manager'],
        'demo_admin': ['admin'],
    },
    'alt': {'alt': ['member'], 'alt_reader': ['reader']},
}
# High enough for every test that does not look at them. Sizes are in MiB.
LIMITS = {
    'image_size_total': 20000,
    'image_stage_total': 20000,
    'image_count_total': 20000,
    'image_count_uploading': 2000,
}
SERVICES = {'glance': 'image', 'glance_remote': 'image_remote', 'swift': 'object-store'}

auth_url, region = os.environ['OS_AUTH_URL'], os.environ['OS_REGION_NAME']
password = os.environ['OS_PASSWORD']


def connect(**scope):
    return openstack.connect(auth_url=auth_url, region_name=region, username='admin', password=password,
                             user_domain_id='default', **scope).identity


identity = connect(project_name='admin', project_domain_id='default')
roles = {name: identity.find_role(name) or identity.create_role(name=name)
         for name in ('admin', 'manager', 'member', 'reader', 'reseller_admin', 'service')}
users = {}
for project_name, members in PROJECTS.items():
    project = identity.create_project(name=project_name, domain_id='default')
    for name, granted in members.items():
        users[name] = identity.create_user(name=name, domain_id='default', password=password)
        for role in granted:
            identity.assign_project_role_to_user(project, users[name], roles[role])
# Limits are read with a role of the system.
identity.assign_system_role_to_user(users['glance'], roles['reader'], 'all')

# Where a service is, is said by whoever has started one.
for name, kind in SERVICES.items():
    service = identity.create_service(name=name, type=kind)
    for interface in ('public', 'internal', 'admin'):
        identity.create_endpoint(service_id=service.id, interface=interface, url='http://127.0.0.1:9/',
                                 region_id=region)

system = connect(system_scope='all')
glance = system.find_service('glance')
for name, limit in LIMITS.items():
    system.create_registered_limit(service_id=glance.id, region_id=region, resource_name=name, default_limit=limit)
