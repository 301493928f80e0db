"""Tells of each test in a subunit stream, one JSON object a line, as soon as it has ended."""
import json
import re
import sys

import subunit
import testtools

STATES = {'success': 'passed', 'xfail': 'passed', 'skip': 'skipped'}


def tell(test):
    if test['status'] == 'exists':
        return
    details = test['details']
    texts = [details[name].as_text() for name in details if name == 'reason' or 'traceback' in name]
    line = {
        # Without the test's UUID and attributes.
        'name': re.sub(r'\[.*\]$', '', test['id']),
        'state': STATES.get(test['status'], 'failed'),
        'text': '\n'.join(texts).strip(),
    }
    print(json.dumps(line), flush=True)


# What is no subunit is for people.
stream = subunit.ByteStreamToStreamResult(sys.stdin.buffer, non_subunit_name='stdout')
results = testtools.StreamToDict(tell)
results.startTestRun()
stream.run(results)
results.stopTestRun()
