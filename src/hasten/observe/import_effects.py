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
    'env': {k: v for k, v in os.environ.items() if not k.startswith(('KMP_', 'TORCHINDUCTOR_'))},
    'filters': [repr(f) for f in warnings.filters if not any(w in repr(f) for w in ('scipy', 'matrix', 'sympy'))],
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
loaded, names = json.loads(sys.argv[1])
for name in loaded:
    importlib.import_module(name)
for name in names:
    before = look()
    importlib.import_module(name)
    after = look()
    found[name] = sorted(key for key in after if before.get(key) != after[key])
sys.stdout.write('\\n' + json.dumps(found))
"""


def effects(
    mirror: Mirror, work: ScriptWorkload, modules: Sequence[str], deadline_s: float, loaded: Sequence[str] = ()
) -> set[str] | None:
    """What these imports change that others may see (`random`, `cwd`, ...), modules `loaded` being there already; None
    when that cannot be told.

    Passed over are settings of Intel's runtime and of Inductor's cache, and filters for warnings of categories that
    SciPy and SymPy have of their own.
    """
    command = [work.python or sys.executable, "-c", PROBE, json.dumps([list(loaded), list(modules)])]
    with mirror.prepared(work, keep_cache=True) as root:
        run = run_program(command, cwd=root / work.cwd, env=mirror.environment(work), deadline_s=deadline_s)
    try:
        told = json.loads(run.stdout.rsplit(b"\n", 1)[-1]) if run.status == 0 else None
    except ValueError:
        return None
    return None if told is None else {effect for found in told.values() for effect in found}
