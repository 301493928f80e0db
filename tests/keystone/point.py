"""Lets the catalog say that a service is at a URL: point.py SERVICE URL

Reads OS_AUTH_URL, OS_PASSWORD and OS_REGION_NAME, as populate.py does.
"""
import os
import sys

import openstack

name, url = sys.argv[1:]
identity = openstack.connect(auth_url=os.environ['OS_AUTH_URL'], region_name=os.environ['OS_REGION_NAME'],
                             username='admin', password=os.environ['OS_PASSWORD'], user_domain_id='default',
                             system_scope='all').identity
for endpoint in identity.endpoints(service_id=identity.find_service(name).id):
    identity.update_endpoint(endpoint, url=url)
