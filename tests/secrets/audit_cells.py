"""Owns the cells of the audit's own notebook: what shows, keeps and writes what holds secrets.

No secret stands in a cell: `secret(NAME)` takes it from the kernel's environment.
"""

SETUP = """
import logging, os, sys

%logstart -o -r -t ipython.log rotate
root = logging.getLogger()
root.setLevel(logging.DEBUG)
handlers = logging.FileHandler("debug.log"), logging.StreamHandler(sys.stdout)
for handler in handlers:
    root.addHandler(handler)
for name in ("urllib3", "requests", "asyncio", "traitlets", "tornado", "ipywidgets", "markdown_it"):
    logging.getLogger(name).setLevel(logging.DEBUG)
kernel = get_ipython().kernel
kernel.log.setLevel(logging.DEBUG)
kernel.log.addHandler(handlers[0])
import asyncio
asyncio.get_running_loop().set_debug(True)
print("to stderr", file=sys.stderr)

%xmode Verbose

def secret(name):
    return os.environ["AUDIT_SECRET_" + name]
"""

MAGICS = (
    "%load_ext cocalc_widget",
    "%cocalc whoami",
    "%cocalc projects",
    "batch = %cocalc cp Lesson:lesson.md Student\nbatch",
    "%cocalc copies",
    "token = %cocalc token --no-password\ntoken",
    "print(token)",
    "%cocalc open Lesson:lesson.md",
    "%cocalc status",
    "%cocalc exec Lesson env",
    "%cocalc cat Lesson:lesson.md",
    "%%cocalc write Student:note.md\nA note.",
    "%cocalc doctor",
    "print(_)",
    "%cocalc closeall",
    "%cocalc --help",
)

OBJECTS = """
import copy, dataclasses, json, pickle, pprint, traceback
from cocalc_widget import Client, CoCalc, errors
from cocalc_widget.frame import Reply
from cocalc_widget.redact import Secret

client = Client()
client.ping()
account = client.create_account(
    "Ada", "Lovelace", "ada@local.test", secret("NEW_PASSWORD"), get_api_key=True)
lesson = client.resolve("Lesson")
w = CoCalc(lesson, "lesson.md", client=client, token=client.create_token())
w
"""

MORE_OBJECTS = """
reply = await w.status()
kept = CoCalc(lesson, "cooling.py", client=client, token=token)  # nobody asks for its token
batch = client.copy("Lesson:cooling.py", "Student")
command = w.history[-1]

ways = [
    repr, str, format, vars, pprint.pformat, dataclasses.asdict, dataclasses.astuple,
    json.dumps, lambda it: json.dumps(it, default=str), lambda it: json.dumps(it, default=vars),
    lambda it: json.dumps(it, default=repr), pickle.dumps, lambda it: pickle.dumps(it, protocol=0),
    copy.copy, copy.deepcopy, lambda it: it.__reduce_ex__(4), lambda it: it.__getstate__(),
    lambda it: it._repr_html_(), lambda it: it._repr_mimebundle_(),
    lambda it: get_ipython().display_formatter.format(it), hash, "{0} {0!r}".format,
]


def show(thing, out, depth=5, seen=None):
    # whatever can be reached by attributes is shown, too, as a debugger's panel does it
    seen = set() if seen is None else seen
    for way in ways:
        try:
            print(type(thing).__name__, way(thing), file=out)
        except Exception as error:
            print(type(thing).__name__, type(error).__name__, error, file=out)
    parts = list(getattr(thing, "__dict__", {}).values())
    names = [n for cls in type(thing).__mro__ for n in getattr(cls, "__slots__", ())]
    if not isinstance(thing, Secret):
        parts += [getattr(thing, name, None) for name in names if name != "__weakref__"]
    parts += list(thing.values()) if isinstance(thing, dict) else []
    parts += list(thing) if isinstance(thing, (list, tuple, set, frozenset)) else []
    for part in parts:
        ours = type(part).__module__.partition(".")[0] in ("cocalc_widget", "requests", "urllib3")
        within = isinstance(part, (dict, list, tuple, set, frozenset)) and len(part) < 200
        if (ours or within) and id(part) not in seen and depth:
            seen.add(id(part))
            print(repr(part), file=out)
            show(part, out, depth - 1, seen)


def show_all(**things):
    # in a file, as so much text would be more than the server passes on; the top of it here, too
    for name, thing in things.items():
        with open("objects.txt", "a") as file:
            show(thing, file)
        show(thing, sys.stdout, 0)
"""

SHOWN = """
from cocalc_widget import config
from cocalc_widget.magics import extension

show_all(
    client=client, token=token, account=account, key=account.api_key, w=w, kept=kept,
    command=command, reply=reply, batch=batch, job=batch[0], who=client.whoami(),
    projects=client.projects(), talk=w._session, waiting=kept._session,
    magics=extension._EXTENSIONS[get_ipython()].session, found=config.resolve(),
    logins=config._session,
)
"""

WIDGETS = """
from ipywidgets import Widget
from ipywidgets.embed import dependency_state, embed_data, embed_minimal_html, embed_snippet
from pathlib import Path

for one in (w, kept):
    print(one.get_state(), one.trait_values(), one.keys, one.trait_defaults())
print(json.dumps(Widget.get_manager_state(drop_defaults=False)))
print(embed_snippet([w, kept], state=dependency_state([w, kept])), embed_data([w]))
embed_minimal_html("embedded.html", [w, kept])
for name, thing in {"client": client, "token": token, "w": w, "batch": batch}.items():
    for protocol in range(6):
        try:
            Path(f"{name}-{protocol}.pickle").write_bytes(pickle.dumps(thing, protocol))
        except Exception as error:
            print(name, protocol, type(error).__name__, error)
"""

SHELL = (
    "%who",
    "%whos",
    "%history",
    "%history -o -n",
    "%history -g cocalc",
    "%recall 1-3",
    "%notebook exported.ipynb",
    "%save -f saved.py 1-200",
    "%env",
    "print(get_ipython().user_ns_hidden.keys(), list(Out), [repr(it) for it in Out.values()])",
    "get_ipython().inspector.info(client), get_ipython().inspector.info(token)",
    "token?",
    "client??",
    "w?",
    "Secret?",
)

# What a failing cell leaves: shown once, then all of it, and the error taken apart.
APART = """
def chain(error, seen):
    while error is not None and error not in seen:
        seen.append(error)
        chain(error.__context__, seen)
        error = error.__cause__
    return seen


def take_apart(found):
    for error in chain(found, []):
        print(repr(error), str(error), error.args, vars(error), getattr(error, "body", None))
        print(*traceback.format_exception(error), *getattr(error, "__notes__", ()))
        for way in ways:
            try:
                print(way(error))
            except Exception as other:
                print(type(other).__name__, other)
        logging.getLogger("user").error("it failed", exc_info=error)
"""
FAILED = "%tb Verbose\ntake_apart(sys.last_value)"

# (the fault that is switched on meanwhile, the cell, the error it ends in)
FAILING = (
    ("", "Client(secret('WRONG_KEY')).whoami()", "AuthenticationError"),
    ("", "Client(secret('WRONG_KEY'), api='v2').whoami()", "AuthenticationError"),
    ("", "Client(host='https://localhost:1').ping()", "APIConnectionError"),
    ("", "Client(secret('KEY'), host='https://localhost:1').ping()", "APIConnectionError"),
    ("", "Client(secret('KEY'), host='https://nowhere.invalid').ping()", "APIConnectionError"),
    ("", "Client(secret('KEY'), host=f\"https://x:{secret('PASSWORD_PLAIN')}@localhost\")",
     "ConfigurationError"),
    ("", "Client(secret('KEY'), host=f\"ftp://x:{secret('PASSWORD_PLAIN')}@localhost\")",
     "ConfigurationError"),
    ("", "Client(secret('KEY'), host=f\"https://localhost/?auth_token={secret('WRONG_TOKEN')}\")",
     "ConfigurationError"),
    ("", "Client(secret('KEY') + '\\u00e9').ping()", "ConfigurationError"),
    ("", "Client(secret('KEY'), verify=os.environ['AUDIT_OTHER_CA']).ping()", "APIConnectionError"),
    ("redirect", "client.whoami()", "ServerError"),
    ("html-page", "client.whoami()", "ServerError"),
    ("wrong-json", "client.create_token(client.account_id, secret('PASSWORD'))", "ServerError"),
    ("error-500", "client.create_token(client.account_id, secret('PASSWORD'))", "ServerError"),
    ("reset", "client.create_token(client.account_id, secret('PASSWORD'))", "APIConnectionError"),
    ("lost-reply", "client.create_token(client.account_id, secret('PASSWORD'))",
     "APIConnectionError"),
    ("timeout", "Client(timeout=0.5, api='v1').create_token(client.account_id, secret('PASSWORD'))",
     "APITimeoutError"),
    ("rate-limit", "client.ping()", "RateLimitError"),
    # a name of one's own for it, as one does
    ("", "typed = secret('WRONG_PASSWORD')\nclient.create_token(account.account_id, typed)",
     "AuthenticationError"),
    ("", "client.create_token(account.account_id, secret('NEW_PASSWORD'))", "RateLimitError"),
    ("", "client.call('user_auth', account_id=account.account_id, password=secret('PASSWORD'))",
     "RateLimitError"),
    ("", "client.call('user_auth', {'account_id': 1, 'password': secret('PASSWORD'), 'x': 1})",
     "ValidationError"),
    ("", "client.call('accounts/none', token=secret('WRONG_TOKEN'))", "NotFoundError"),
    ("", "client.create_account('A', 'B', 'not an address', secret('NEW_PASSWORD'))",
     "ValidationError"),
    ("", "Client(api='v2').create_account('A', 'B', 'x', secret('NEW_PASSWORD'))",
     "ValidationError"),
    ("", "client.revoke_token(token)", "NotFoundError"),
    ("", "Client(api='v2').create_token()", "NotFoundError"),
    ("", "CoCalc(lesson, token=secret('KEY'))", "ConfigurationError"),
    ("", "CoCalc(lesson, token=[secret('WRONG_TOKEN')])", "ConfigurationError"),
    ("", "CoCalc(lesson, tokens=secret('WRONG_TOKEN'))", "ConfigurationError"),
    ("", "w.sign_in(secret('KEY'))", "ConfigurationError"),
    ("", "w.sign_in('')", "ValidationError"),
    ("", "kept.close()\nkept.sign_in(token)", "ChannelBlockedError"),
    ("", "w.open('/etc/' + token.secret.__str__())", "ValidationError"),
    ("", "json.dumps({'token': token.secret})", "TypeError"),
    ("", "pickle.dumps(token)", "TypeError"),
    ("", "pickle.dumps(client)", "TypeError"),
    ("", "client.copy('Lesson:none.md', 'Student:y.md', 'Lesson:x.md', wait=False).retry()[5]",
     "NotFoundError"),
    ("", "%store token", "TypeError"),
    ("", "%cocalc token nobody", "ValidationError"),
    ("", "%cocalc login --key-file /nowhere", "ConfigurationError"),
    ("", "%cocalc login --host https://localhost:1 --key-file wrong.key", "APIConnectionError"),
    ("", "%cocalc login --key-file wrong.key", "AuthenticationError"),
    ("", "%cocalc cat Lesson:none.md", "NotFoundError"),
    ("", "%cocalc nothing", "ValidationError"),
)  # fmt: skip

# (the cell, what is typed into each question, the error it ends in)
ASKING = (
    ("%cocalc login --ask", ("WRONG_KEY",), "AuthenticationError"),
    ("%cocalc login --ask", ("KEY",), ""),
    ("typed_token = %cocalc token", ("PASSWORD",), ""),
    ("w.sign_in(typed_token)", (), ""),
    ("%cocalc token", ("WRONG_PASSWORD",), "AuthenticationError"),
    (
        "ben = %cocalc new-account --with-key ben@local.test Ben Li\nben",
        ("NEW_PASSWORD", "NEW_PASSWORD"),
        "",
    ),
)

INTERRUPTED = (
    "client.create_token(client.account_id, secret('PASSWORD'))",
    "Client(api='v2').create_account('A', 'B', 'x@local.test', secret('NEW_PASSWORD'))",
    "Client(api='v1').call('user_auth', account_id='x', password=secret('PASSWORD'))",
    "%cocalc projects",
)

SECOND_SITE = """
client_b = Client(secret("KEY_B"), host=os.environ["AUDIT_HOST_B"], verify=os.environ["AUDIT_CA_B"])
token_b = client_b.create_token()
by_password = client_b.create_token(password=secret("PASSWORD_B"))
client_b.revoke_token(by_password)
client_b.call("system.revokeUserAuthToken", by_password.value)
other = CoCalc("Lesson", "lesson.md", client=client_b, token=token_b)
other
"""
