"""Starts ministack with one defect of 1.5.33 mended.

Its REST API reads the body of an error of an HTTP backend on the event loop. When that backend is its own load
balancer, whose answer needs the same loop, both wait for each other until a timeout of 30 s. Here the body is read in
the thread that sent the request.
"""

import io
import urllib.error

from ministack import app
from ministack.services import apigateway

send = apigateway._urlopen_sync


def send_and_read(request, timeout):
    try:
        return send(request, timeout)
    except urllib.error.HTTPError as error:
        body = io.BytesIO(error.read())
        raise urllib.error.HTTPError(error.url, error.code, error.msg, error.headers, body) from None


apigateway._urlopen_sync = send_and_read
app.main()
