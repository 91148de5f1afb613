"""What functions and methods do that an answer did not define: builtins, methods of builtin types, libraries.

A library function that is not listed as a reader may change what it is given.
"""

from labkit.course.source.names import changes_itself

CHANGES, ALTERS, TOUCHES, ITERATES, SHOWS, ITEM = "*", "=", "?", "__iter__", "__str__", "__getitem__"
FILES = "<files>"
OPERATORS = frozenset(
    f"__{name}__"
    for name in [
        "add",
        "sub",
        "mul",
        "matmul",
        "truediv",
        "floordiv",
        "mod",
        "divmod",
        "pow",
        "lshift",
        "rshift",
        "and",
        "or",
        "xor",
        "radd",
        "rsub",
        "rmul",
        "rmatmul",
        "rtruediv",
        "rfloordiv",
        "rmod",
        "round",
        "trunc",
        "floor",
        "ceil",
        "int",
        "float",
        "complex",
        "index",
        "rpow",
        "rlshift",
        "rrshift",
        "rand",
        "ror",
        "rxor",
        "neg",
        "pos",
        "abs",
        "invert",
        "lt",
        "le",
        "gt",
        "ge",
        "eq",
        "ne",
        "bool",
        "len",
        "contains",
        "hash",
    ]
)
OPERATOR = "operator"

_CHANGE_FIRST = """
setattr delattr next heappush heappop heapify heapreplace heappushpop insort insort_left insort_right setitem delitem
iadd ior ixor iand isub imul shuffle
"""
_ITERATE = """
list tuple set frozenset dict sorted sum min max any all enumerate zip map filter reversed iter bytes bytearray aiter
"""
_SHOW = "print str repr format ascii len bool hash abs round int float complex divmod pow ord chr hex bin oct input"
_LOOK = """
isinstance issubclass type id callable hasattr getattr dir vars memoryview super object property staticmethod
classmethod range slice open globals locals display help exec eval compile breakpoint __import__
"""
BUILTINS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_CHANGE_FIRST.split(), frozenset({ALTERS})),
    **dict.fromkeys(_ITERATE.split(), frozenset({ITERATES, OPERATOR, SHOWS, "keys"})),
    **dict.fromkeys(_SHOW.split(), frozenset({SHOWS, "__repr__", "__format__", OPERATOR})),
    **dict.fromkeys(_LOOK.split(), frozenset()),
}
CHANGE_FIRST = frozenset(_CHANGE_FIRST.split())
CONSUMABLE = frozenset(["iter", "map", "filter", "zip", "enumerate", "reversed", "open"])  # their results are used up

READER_MODULES = frozenset(
    [
        "labkit",
        "asyncio",
        "json",
        "math",
        "cmath",
        "time",
        "statistics",
        "pprint",
        "matplotlib",
        "pylab",
        "seaborn",
        "plotly",
        "bokeh",
        "altair",
        "pandas",
        "polars",
        "scipy",
        "IPython",
        "ipywidgets",
        "anywidget",
        "nest_asyncio",
        "nest_asyncio2",
        "tabulate",
        "rich",
        "websockets",
        "httpx",
        "requests",
        "aiohttp",
        "tqdm",
        "re",
        "string",
        "textwrap",
        "datetime",
        "decimal",
        "fractions",
        "numbers",
        "hashlib",
        "hmac",
        "base64",
        "secrets",
        "uuid",
        "collections",
        "itertools",
        "functools",
        "copy",
        "dataclasses",
        "typing",
        "types",
        "enum",
        "abc",
        "inspect",
        "dis",
        "ast",
        "timeit",
        "traceback",
        "platform",
        "pathlib",
        "urllib",
        "html",
        "difflib",
        "bisect",
        "random",
        "calendar",
        "zlib",
        "gzip",
        "binascii",
        "unicodedata",
        "keyword",
        "tokenize",
        "logging",
        "warnings",
        "operator",
        "locale",
        "gc",
        "sys",
        "os",
        "tempfile",
        "graphlib",
        "zoneinfo",
        "ipaddress",
        "email",
        "msgspec",
        "cProfile",
        "pstats",
        "tracemalloc",
        "psutil",
        "__future__",
        "contextvars",
    ]
)
_TOUCH = """
contextlib.redirect_stdout contextlib.redirect_stderr operator.methodcaller operator.attrgetter operator.itemgetter
json.dump time.sleep
"""
TOUCHERS = frozenset(_TOUCH.split())
VALUE_MODULES = frozenset(  # they return values that nothing can change or use up, and fresh containers of these
    [
        "json",
        "math",
        "cmath",
        "time",
        "statistics",
        "datetime",
        "decimal",
        "fractions",
        "uuid",
        "pathlib",
        "hashlib",
        "hmac",
        "base64",
        "secrets",
        "string",
        "textwrap",
        "enum",
        "typing",
        "dataclasses",
        "abc",
        "copy",
        "bisect",
        "operator",
        "functools",
        "inspect",
        "os",
        "platform",
        "collections",
        "labkit",
        "ipaddress",
        "zoneinfo",
        "calendar",
    ]
)
SCALAR_MODULES = frozenset(
    ["math", "cmath", "time", "uuid", "hmac", "secrets", "string", "pathlib", "datetime", "fractions"]
)
SCALARS = frozenset(["re.compile", "re.escape", "json.dumps", "os.getenv", "os.getpid", "os.getcwd"])
_VALUES = "re.compile re.escape re.match re.search re.fullmatch re.findall re.split re.sub asyncio.run"
VALUES = frozenset(_VALUES.split())
SHARED_MODULES = frozenset({"logging", "decimal", "importlib"})  # return what others have, too
HOLDING_MODULES = frozenset(
    ["types", "functools", "itertools", "collections", "dataclasses", "operator", "copy", "labkit", "asyncio"]
)
_SETTINGS = """
os.chdir os.fchdir os.putenv os.unsetenv os.umask sys.settrace sys.setprofile decimal.setcontext decimal.localcontext
logging.disable logging.basicConfig random.seed random.setstate gc.disable gc.enable gc.freeze
asyncio.set_event_loop_policy asyncio.set_event_loop signal.signal socket.setdefaulttimeout mimetypes.add_type
"""
SETTINGS = frozenset(_SETTINGS.split())
_WRITE_FILES = """
write_text write_bytes mkdir makedirs unlink touch rename replace remove rmdir symlink_to hardlink_to rmtree copyfile
copytree copy2 move removedirs symlink link truncate mkdtemp mkstemp
"""
_READ_FILES = """
open read_text read_bytes exists is_file is_dir isfile isdir iterdir glob rglob listdir scandir walk connect stat
"""
WRITE_FILES = frozenset(_WRITE_FILES.split())
READ_FILES = frozenset(_READ_FILES.split())


def of_builtin(name: str, place: str) -> frozenset[str]:
    """Return what a builtin function may do to its argument in a place."""
    found = BUILTINS.get(name, frozenset({TOUCHES}))
    return found if name not in CHANGE_FIRST or place in ("0", "*") else frozenset()


def of_library(qualified: str, place: str) -> frozenset[str]:
    """Return what a function of a library may do to its argument in a place."""
    module, _, name = qualified.rpartition(".")
    if module == "builtins" or name in CHANGE_FIRST:
        return of_builtin(name, place)
    is_reader = qualified.partition(".")[0] in READER_MODULES and qualified not in TOUCHERS
    return frozenset({ITERATES, SHOWS, "__repr__", OPERATOR} if is_reader else {TOUCHES})


def sets_its_module(qualified: str, is_seeded: bool) -> bool:
    """Whether a function of a library changes what others of that library return; draws do so after a seed only."""
    is_draw = is_seeded and qualified.startswith("random.") and not qualified.startswith("random.Random")
    return bool(qualified) and (is_draw or qualified in SETTINGS or changes_itself(qualified.rpartition(".")[2]))


def returns_scalars(qualified: str) -> bool:
    """Whether what a function of a library returns cannot change."""
    return qualified.partition(".")[0] in SCALAR_MODULES or qualified in SCALARS


def returns_other(qualified: str) -> bool:
    """Whether what a function of a library returns does not hold what it is given."""
    module = qualified.partition(".")[0]
    return module in READER_MODULES - HOLDING_MODULES or qualified.endswith(".deepcopy")


def returns_values(qualified: str) -> bool:
    """Whether what a function of a library returns cannot be used up, and is not shared."""
    return qualified in VALUES or qualified.partition(".")[0] in VALUE_MODULES
