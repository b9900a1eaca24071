"""The process of the program: runs it, and then does what it is asked until it is ended. It has never seen a test."""


class Program:
    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.pid = os.getpid()
        self.objects = []
        import types

        # A module of its own: dataclasses look for the module of a class by name.
        self.module = types.ModuleType("solution")
        sys.modules["solution"] = self.module

    def run(self, source):
        try:
            code = compile(source, "solution.py", "exec")
        except (ValueError, OverflowError, RecursionError, MemoryError) as error:
            raise SyntaxError("cannot be compiled: %s" % (str(error) or type(error).__name__)) from None
        exec(code, self.module.__dict__)

    def name_of(self, value):
        if isinstance(value, Callback):
            return ["yours", value.number]
        kind = type(value)
        if kind.__module__ == "solution" and getattr(self.module, kind.__name__, None) is kind:
            state = getattr(value, "__dict__", None)
            if state is not None and kind.__name__ in self.shared:
                return ["object", kind.__name__, encode(dict(state), self)]
        self.objects.append(value)
        return ["mine", len(self.objects) - 1, kind.__name__]

    def named(self, tag, rest):
        if tag == "yours":
            return self.objects[rest[0]]
        if tag == "mine":
            return Callback(self, rest[0])
        if tag == "object":
            value = object.__new__(getattr(self.module, rest[0]))
            value.__dict__.update(decode(rest[1], self))
            return value
        if tag == "import":
            value = __import__(rest[0], fromlist=["x"])
            return getattr(value, rest[1]) if rest[1] else value
        raise ProtocolError(tag)

    shared = frozenset()

    def answer(self, message):
        what = message[0]
        if what == "run":
            self.shared = frozenset(message[2])
            self.run(message[1])
            return None
        if what == "name":
            return ["list", [message[1] in self.module.__dict__, encode(self.module.__dict__.get(message[1]), self)]]
        target = decode(message[1], self)
        args = decode(message[2], self)
        if what == "call":
            kwargs = decode(message[3], self)
            before = [json.dumps(encode(value, self)) if isinstance(value, CHANGEABLE) else None for value in args]
            result = target(*args, **kwargs)
            changed = []
            for at, value in enumerate(args):
                if before[at] is not None:
                    after = encode(value, self)
                    if json.dumps(after) != before[at]:
                        changed.append([at, after])
            return ["called", encode(result, self), changed]
        return encode(OPERATIONS[what](target, *args), self)

    def serve(self):
        while True:
            self.serve_one(receive_frame(self.descriptor))

    def serve_one(self, message):
        try:
            reply = ["ok", self.answer(message)]
        except Closed:
            os._exit(0)
        except BaseException as error:
            reply = ["raised"] + described(error)
            tell(error)
        if os.getpid() != self.pid:
            os._exit(0)
        try:
            send_frame(self.descriptor, reply)
        except (RecursionError, ValueError, MemoryError) as error:
            send_frame(self.descriptor, ["raised"] + described(error))

    def ask(self, message):
        """Something of the tests' process that was given as an argument, e.g. a function."""
        send_frame(self.descriptor, message)
        while True:
            reply = receive_frame(self.descriptor)
            if reply[0] == "ok":
                return decode(reply[1], self)
            if reply[0] == "raised":
                raise exception_of(reply)
            self.serve_one(reply)


CHANGEABLE = (list, dict, set, bytearray)


class Callback:
    def __init__(self, program, number):
        self.program = program
        self.number = number

    def __call__(self, *args):
        return self.program.ask(["callback", self.number, encode(args, self.program)])


OPERATIONS = {
    "getattr": lambda target, name: getattr(target, name),
    "setattr": lambda target, name, value: setattr(target, name, value),
    "iter": lambda target: iter(target),
    "next": lambda target: next(target),
    "len": lambda target: len(target),
    "item": lambda target, key: target[key],
    "contains": lambda target, key: key in target,
    "bool": lambda target: bool(target),
    "str": lambda target: str(target),
    "repr": lambda target: repr(target),
    "int": lambda target: int(target),
    "float": lambda target: float(target),
    "isinstance": lambda target, value: isinstance(value, target),
}


def tell(error):
    """Where it happened, for a person, in place of the lines that Python prints of an error that nobody catches."""
    lines = []
    trace = error.__traceback__
    while trace is not None and len(lines) < 20:
        if trace.tb_frame.f_code.co_filename == "solution.py":
            lines.append("  line %d, in %s\n" % (trace.tb_lineno, trace.tb_frame.f_code.co_name))
        trace = trace.tb_next
    facts = described(error)
    text = "%s%s: %s\n" % ("".join(lines), facts[4], facts[1])
    try:
        os.write(2, text.encode(errors="replace"))
    except OSError:
        pass  # The program has closed it.


def described(error):
    """Name of the nearest built-in class, text, number of an OSError, and where it happened in the program."""
    kinds = [kind for kind in type(error).__mro__ if getattr(builtins, kind.__name__, None) is kind]
    try:
        text = str(error)[:2000]
    except BaseException:
        text = "(its text cannot be had)"
    number = error.errno if isinstance(error, OSError) and isinstance(error.errno, int) else None
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "solution.py":
            line = trace.tb_lineno
        trace = trace.tb_next
    return [kinds[0].__name__ if kinds else "Exception", text, number, line, type(error).__name__]


def exception_of(reply):
    kind = getattr(builtins, reply[1], None) if isinstance(reply[1], str) else None
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = Exception
    try:
        return kind(str(reply[2]))
    except TypeError:
        return Exception(str(reply[2]))
