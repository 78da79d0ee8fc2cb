"""Starts ministack with corrections for two defects of 1.5.33, and with a clean environment.

ministack passes all its environment variables to functions. The AWS SDK of a function would then sign with the user's
keys, run the user's programs for credentials, or call another endpoint. So this file removes all variables of the user
except those in KEPT, however it is started.

First defect: the REST API reads the body of an error of an HTTP backend on the event loop. If the backend is ministack's
own load balancer, its answer needs the same loop, and both wait for each other until a timeout of 30 s. Here the thread
that sent the request also reads the body.

Second defect: both APIs decode the path of a request and put the decoded path into the address of an HTTP backend. An
encoded question mark then ends the path, and letters outside ASCII make the address invalid. Here the path is encoded
again.
"""

import io
import os
import re
import tempfile
import urllib.error
from urllib.parse import quote

KEPT = re.compile(
    # The path of node, and libraries for a Python that cannot find them alone.
    r"PATH|LD_LIBRARY_PATH|NIX_LD|NIX_LD_LIBRARY_PATH|LANG|LC_\w+|TZ"
    # The addresses and folders of ministack.
    r"|BIND_HOST|GATEWAY_PORT|TMPDIR"
)

for name in list(os.environ):
    if not KEPT.fullmatch(name):
        del os.environ[name]
# Without this, ministack listens on all network interfaces.
os.environ.setdefault("BIND_HOST", "127.0.0.1")
os.environ.update(
    # Without these two, an SDK looks for the files at home.
    AWS_CONFIG_FILE="/dev/null",
    AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    AWS_EC2_METADATA_DISABLED="true",
    HOME=tempfile.gettempdir(),
    # The IoT broker would take port 8883, and time to create a certificate.
    IOT_MTLS_ENABLED="0",
    # Without these two, Python asks macOS for a proxy.
    NO_PROXY="*",
    no_proxy="*",
)

# ministack reads the environment when it is imported.
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
