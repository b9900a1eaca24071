"""The process of the tests: what it asks of the program goes over a socket, what it says of the program goes where that cannot write."""
import errno
import select
import signal
import time


class ProgramExit(BaseException):
    """The program raised SystemExit or the like: a test must not catch it as an Exception."""


class Handle:
    """An object of the program that is no plain value. It is equal to itself only: nobody asks the program whether it is right."""

    __slots__ = ("_tests", "_number", "_kind")

    def __init__(self, tests, number, kind):
        object.__setattr__(self, "_tests", tests)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_kind", kind)

    def _ask(self, what, *args):
        return self._tests.ask([what, ["yours", self._number], encode(args, self._tests)])

    def __call__(self, *args, **kwargs):
        return self._tests.call(self._number, args, kwargs)

    def __getattr__(self, name):
        if name.startswith("__") and name not in ("__name__", "__doc__"):
            raise AttributeError(name)
        return self._ask("getattr", name)

    def __setattr__(self, name, value):
        self._ask("setattr", name, value)

    def __iter__(self):
        return self._ask("iter")

    def __next__(self):
        return self._ask("next")

    def __len__(self):
        return self._ask("len")

    def __getitem__(self, key):
        return self._ask("item", key)

    def __contains__(self, key):
        return self._ask("contains", key) is True

    def __bool__(self):
        return self._ask("bool") is True

    def __str__(self):
        text = self._ask("str")
        return text if isinstance(text, str) else ""

    def __repr__(self):
        return "<%s of the program>" % self._kind

    def __int__(self):
        return self._ask("int")

    def __float__(self):
        return self._ask("float")

    def __instancecheck__(self, value):
        return self._ask("isinstance", value) is True

    def __hash__(self):
        return self._number

    def __eq__(self, other):
        return isinstance(other, Handle) and type(other) is Handle and other._number == self._number


class Tests:
    def __init__(self, descriptor, pid, seconds):
        self.descriptor = descriptor
        self.pid = pid
        self.seconds = seconds
        self.ends_at = time.monotonic() + seconds
        self.waited = 0.0
        self.handles = {}
        self.given = []
        # Classes that the prompt defines: both sides have them, and their objects are given by copy.
        self.shared = {}
        self.raised = None
        self.raised_facts = None

    # Values of either side.
    def name_of(self, value):
        if type(value) is Handle:
            return ["yours", value._number]
        module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
        if isinstance(module, str) and isinstance(name, str) and is_library(module) and "." not in name:
            if getattr(sys.modules.get(module), name, None) is value:
                return ["import", module, name]
        kind = type(value)
        if self.shared.get(kind.__name__) is kind and hasattr(value, "__dict__"):
            return ["object", kind.__name__, encode(dict(value.__dict__), self)]
        if callable(value):
            self.given.append(value)
            return ["mine", len(self.given) - 1]
        raise CannotGive("an argument of type %s cannot be given to the program" % kind.__name__)

    def named(self, tag, rest):
        if tag == "mine":
            number, kind = int(rest[0]), str(rest[1])[:100]
            if number not in self.handles:
                self.handles[number] = Handle(self, number, kind)
            return self.handles[number]
        if tag == "yours":
            return self.given[rest[0]]
        if tag == "object":
            kind = self.shared.get(rest[0])
            state = decode(rest[1], self)
            if kind is None or not isinstance(state, dict):
                raise ProtocolError("an object of an unknown class")
            value = object.__new__(kind)
            value.__dict__.update({key: state[key] for key in state if isinstance(key, str)})
            return value
        raise ProtocolError("a value has no known form")

    # Talk.
    def wait(self, descriptor):
        while True:
            left = self.ends_at - time.monotonic()
            if left > 0 and select.select([descriptor], [], [], left)[0]:
                return
            more = min(waited_for_processor(self.pid), self.seconds * WAIT_SHARE_MAX) - self.waited
            if more < 0.05:
                raise OutOfTime()
            self.waited += more
            self.ends_at += more

    def ask_plainly(self, message):
        send_frame(self.descriptor, message)
        while True:
            reply = receive_frame(self.descriptor, self.wait)
            if reply[0] == "ok" and len(reply) == 2:
                return reply[1]
            if reply[0] == "raised" and len(reply) == 6:
                raise self.exception_of(reply)
            if reply[0] == "callback" and len(reply) == 3:
                self.call_back(reply)
                continue
            raise ProtocolError("a message has no known form")

    def ask(self, message):
        return decode(self.ask_plainly(message), self)

    def call(self, number, args, kwargs):
        message = ["call", ["yours", number], encode(args, self), encode(kwargs, self)]
        reply = self.ask_plainly(message)
        if not isinstance(reply, list) or len(reply) != 3 or reply[0] != "called" or not isinstance(reply[2], list):
            raise ProtocolError("a message has no known form")
        for change in reply[2]:
            self.change(args, change)
        return decode(reply[1], self)

    def change(self, args, change):
        """What the program did to an argument, as it would be seen if both were one process."""
        if not isinstance(change, list) or len(change) != 2 or not isinstance(change[0], int):
            raise ProtocolError("a message has no known form")
        old, new = args[change[0] : change[0] + 1], decode(change[1], self)
        if len(old) != 1 or type(old[0]) is not type(new):
            raise ProtocolError("an argument became another type")
        if isinstance(new, (list, bytearray)):
            old[0][:] = new
        elif isinstance(new, (dict, set)):
            old[0].clear()
            old[0].update(new)

    def call_back(self, message):
        try:
            function = self.given[message[1]]
            reply = ["ok", encode(function(*decode(message[2], self)), self)]
        except CannotGive as error:
            # It was the program that asked for it.
            reply = ["raised"] + described(TypeError(str(error)))
        except (ProtocolError, TooLarge, Closed):
            raise
        except Exception as error:
            reply = ["raised"] + described(error)
        send_frame(self.descriptor, reply)

    def exception_of(self, reply):
        name = reply[1] if isinstance(reply[1], str) else ""
        kind = getattr(builtins, name, None)
        is_exception = isinstance(kind, type) and issubclass(kind, BaseException)
        if is_exception and not issubclass(kind, Exception):
            raised = ProgramExit(name)
        else:
            raised = exception_of(reply)
        self.raised = raised
        number = reply[3] if isinstance(reply[3], int) else None
        line = reply[4] if isinstance(reply[4], int) else None
        self.raised_facts = {"kind": str(reply[5])[:200], "text": str(reply[2])[:2000], "errno": number, "line": line}
        return raised


# A program that starts many others waits for them as well; it is given this many times its own seconds.
WAIT_SHARE_MAX = 2


def waited_for_processor(pid):
    """Seconds in which the program could have run and others did; 0 where the kernel does not say."""
    try:
        with open("/proc/%d/schedstat" % pid) as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class OutOfTime(BaseException):
    pass


def is_library(module):
    return module == "builtins" or module.split(".")[0] in STANDARD


STANDARD = frozenset(getattr(sys, "stdlib_module_names", ("math", "cmath", "operator", "functools", "itertools", "collections", "re", "string", "random", "datetime", "json", "copy", "heapq", "bisect", "statistics", "decimal", "fractions")))


class Names(dict):
    """Names that the tests use: their own, then Python's, then modules of the library, and what is left is the program's."""

    def __init__(self, tests):
        super().__init__()
        self.tests = tests
        self["__builtins__"] = builtins.__dict__
        self["__name__"] = "tests"

    def __missing__(self, name):
        if name in builtins.__dict__ or name.startswith("__"):
            raise KeyError(name)
        if name in STANDARD:
            value = __import__(name)
        else:
            value = self.of_program(name)
        self[name] = value
        return value

    def of_program(self, name):
        found = self.tests.ask(["name", name])
        if not isinstance(found, list) or len(found) != 2:
            raise ProtocolError("a message has no known form")
        if found[0] is not True:
            raise KeyError(name)
        return found[1]
