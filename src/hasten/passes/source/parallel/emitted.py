"""What rewritten programs carry: joblib and the standard library, never hasten."""

from __future__ import annotations

IMPORTS = (
    "import contextlib\n",
    "import io\n",
    "import itertools\n",
    "import os\n",
    "import pickle\n",
    "import platform\n",
    "import sys\n",
    "import warnings\n",
    "from joblib import Parallel, delayed, effective_n_jobs, parallel_config\n",
)

HELPERS = '''

def _side_by_side(step, rounds):
    """An iterator over `step(*given)` for each of `rounds`, which do not depend on each other.

    joblib does them in other processes, on all cores or wherever `joblib.parallel_config(backend=...)` says. If one
    fails, warns, prints, draws from NumPy's global stream or cannot be sent, all are done here, one by one.
    """
    jobs = min(effective_n_jobs(-1), len(rounds))
    setting = list(warnings.filters), (platform.node(), os.getpid())
    if jobs > 1:
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of joblib's own: that it had to start a process again
            results = Parallel(n_jobs=jobs, mmap_mode="c")(delayed(_unseen)(step, given, *setting) for given in rounds)
            return iter([pickle.loads(result) for result in results])
    return itertools.starmap(step, rounds)


def _unseen(step, given, filters, home):
    """The pickled result of step(*given) in another process. Raises when more than the result would show."""
    if home == (platform.node(), os.getpid()):
        raise RuntimeError("this is the program itself")
    drawn, shown, numpy = _random_stream(), io.StringIO(), sys.modules.get("numpy")
    if numpy is not None:  # joblib shares large arrays through files
        given = [numpy.asarray(x) if type(x) is numpy.memmap else x for x in given]
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown), parallel_config("sequential"):
        with warnings.catch_warnings(record=True) as warned:
            warnings.filters[:] = filters
            try:
                result = pickle.dumps(step(*given))  # not joblib's pickle, which copies functions and classes too
            except Exception as error:
                raise RuntimeError(f"{type(error).__name__}, to come again in the program itself") from None
        if warned or shown.getvalue() or sys.stdout is not shown or _random_stream() != drawn:
            raise RuntimeError("done again in the program itself")
    return result


def _random_stream():
    if "numpy" not in sys.modules:
        return None
    _, keys, *rest = sys.modules["numpy"].random.get_state()
    return keys.tobytes(), rest


'''
