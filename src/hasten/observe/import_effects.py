"""What the import of a module does besides binding names, asked in the program's own environment.

What is installed decides: scikit-learn loads `rich` where that is there, and `rich` draws from the random generator of
the standard library as it is imported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from hasten.core.workload import ScriptWorkload
from hasten.observe.mirror import Mirror
from hasten.observe.process import run_program

RANDOM = "random"
_HARMLESS = """\
    'env': {k: v for k, v in os.environ.items() if not k.startswith('KMP_')},
    'filters': [repr(f) for f in warnings.filters if 'scipy' not in repr(f) and 'matrix' not in repr(f)],
"""
PROBE = f"""\
import importlib, json, locale, logging, os, random, signal, sys, warnings
def look():
    seen = {{
    'random': random.getstate(), 'path': list(sys.path), 'meta_path': list(map(repr, sys.meta_path)),
    'cwd': os.getcwd(), 'hooks': [sys.excepthook, sys.displayhook, sys.gettrace(), sys.getprofile()],
    'streams': [id(sys.stdout), id(sys.stderr), id(sys.stdin)], 'locale': locale.setlocale(locale.LC_ALL),
    'signals': [str(signal.getsignal(s)) for s in sorted(signal.valid_signals())],
    'logging': [logging.root.level, len(logging.root.handlers)], 'recursion': sys.getrecursionlimit(),
{_HARMLESS}
    }}
    np = sys.modules.get('numpy')
    if np is not None:
        state = np.random.get_state()
        seen |= {{'numpy.random': [state[0], state[1].tobytes(), state[2:]], 'numpy.errors': np.geterr(),
                 'numpy.print': str(np.get_printoptions())}}
    return seen
found = {{}}
try:
    import numpy
except ImportError:
    pass
for name in sys.argv[1:]:
    before = look()
    importlib.import_module(name)
    after = look()
    found[name] = sorted(key for key in after if before.get(key) != after[key])
sys.stdout.write('\\n' + json.dumps(found))
"""


def effects(mirror: Mirror, work: ScriptWorkload, modules: Sequence[str], deadline_s: float) -> set[str] | None:
    """What these imports change that others may see (`random`, `cwd`, ...); None when that cannot be told.

    Settings of Intel's runtime and filters for warnings of SciPy's own categories are passed over.
    """
    command = [work.python or sys.executable, "-c", PROBE, *modules]
    with mirror.prepared(work, keep_cache=True) as root:
        run = run_program(command, cwd=root / work.cwd, env=mirror.environment(work), deadline_s=deadline_s)
    try:
        told = json.loads(run.stdout.rsplit(b"\n", 1)[-1]) if run.status == 0 else None
    except ValueError:
        return None
    return None if told is None else {effect for found in told.values() for effect in found}
