"""Makes Swift's rings of one device, one copy: rings.py FOLDER KIND=PORT ..."""
import os
import sys

from swift.common.ring import RingBuilder

folder = sys.argv[1]
for kind, port in (argument.split('=') for argument in sys.argv[2:]):
    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    builder.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'one', 'weight': 1})
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, kind + '.ring.gz'))
