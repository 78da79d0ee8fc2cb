"""Starts ministack with two defects of 1.5.33 mended, and with an environment of its own.

ministack hands all of its environment variables on to the functions, whose AWS SDK would then sign with the user's
keys, run the user's programs for credentials, or ask another endpoint. So nothing of the user's is left but what is
named below, whoever starts this file and however.

The defects: its REST API reads the body of an error of an HTTP backend on the event loop. When that backend is its own
load balancer, whose answer needs the same loop, both wait for each other until a timeout of 30 s. Here the body is read
in the thread that sent the request. And both APIs decode the path of a request and put it into the address of an HTTP
backend as it then is: what stood for a question mark ends the path there, and other letters than ASCII's are no address
at all. Here it is encoded again.
"""

import io
import os
import re
import tempfile
import urllib.error
from urllib.parse import quote

TAKEN_OVER = re.compile(
    # Where node is; libraries of a Python that does not know it itself.
    r"PATH|LD_LIBRARY_PATH|NIX_LD|NIX_LD_LIBRARY_PATH|LANG|LC_\w+|TZ"
    # Where ministack listens and writes.
    r"|BIND_HOST|GATEWAY_PORT|TMPDIR"
)

for name in list(os.environ):
    if not TAKEN_OVER.fullmatch(name):
        del os.environ[name]
# ministack itself would listen to the whole network.
os.environ.setdefault("BIND_HOST", "127.0.0.1")
os.environ.update(
    # Where these two are not set, an SDK looks for the files at home.
    AWS_CONFIG_FILE="/dev/null",
    AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    AWS_EC2_METADATA_DISABLED="true",
    HOME=tempfile.gettempdir(),
    # Its broker for devices would take port 8883, and the time to make a certificate.
    IOT_MTLS_ENABLED="0",
    # Without these Python asks macOS for a proxy.
    NO_PROXY="*",
    no_proxy="*",
)

# ministack reads the environment as it is loaded.
from ministack import app  # noqa: E402
from ministack.services import apigateway, apigateway_v1  # noqa: E402

send = apigateway._urlopen_sync


def send_and_read(request, timeout):
    try:
        return send(request, timeout)
    except urllib.error.HTTPError as error:
        body = io.BytesIO(error.read())
        raise urllib.error.HTTPError(error.url, error.code, error.msg, error.headers, body) from None


invoke_rest_backend = apigateway_v1._invoke_http_proxy_v1
invoke_http_backend = apigateway._invoke_http_proxy


async def invoke_rest_backend_encoded(integration, path, method, headers, body, query, parameters=None):
    encoded = {name: quote(value, safe="") for name, value in (parameters or {}).items()}
    return await invoke_rest_backend(integration, path, method, headers, body, query, encoded)


async def invoke_http_backend_encoded(integration, path, method, headers, body, query):
    return await invoke_http_backend(integration, quote(path, safe="/"), method, headers, body, query)


apigateway._urlopen_sync = send_and_read
apigateway._invoke_http_proxy = invoke_http_backend_encoded
apigateway_v1._invoke_http_proxy_v1 = invoke_rest_backend_encoded
app.main()
