"""JupyterLab's server, so that what a kernel says is sent at once.

By default the system holds a short message back until the browser has acknowledged the one before, and browsers' systems put
that off by some 40 ms (Nagle's algorithm meets delayed acknowledgements). A frame of the camera was answered after 62 and 65 ms,
and after 25 and 38 without the wait (medians of two runs each, two busy cores). `make lab` comes here; elsewhere give its option
yourself:
``jupyter lab --ServerApp.kernel_websocket_connection_class=shoulders.course.lab.PromptConnection``.
"""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """A kernel's connection to a page, of which no message waits for another."""

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()
