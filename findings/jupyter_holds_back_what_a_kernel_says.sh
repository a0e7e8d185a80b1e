#!/bin/bash
# One would guess: on localhost, a widget's question to its kernel and the answer take as long as Python takes, and a few milliseconds.
# So is: jupyter-server 2.21.1 leaves Nagle's algorithm on (Tornado's default for websockets), and every question makes it send
# several short messages: "busy", the answer, "idle". The second waits until the first is acknowledged, which the other side's
# system puts off by 40 ms. So an answer that is ready after 10 ms often comes after more than 40. One call, set_nodelay, mends it.
# Whom it hurts: who makes live widgets (a camera, a slider that draws), and looks for the time in Python, where it is not.
# Seen with jupyter-server 2.21.1, tornado 6.6.1, ipykernel 7.4.0, on Linux.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check jupyter-server==2.21.1 tornado==6.6.1 ipykernel==7.4.0
cd "$folder"
cat > prompt.py <<'PYTHON'
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

class Prompt(ZMQChannelsWebsocketConnection):
    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()
PYTHON
cat > ask.py <<'PYTHON'
import asyncio, json, os, secrets, socket, statistics, subprocess, sys, time, urllib.request, uuid
from tornado.websocket import websocket_connect

CODE = "import time; time.sleep(0.005); display('the answer')"

def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]

def new_kernel(base, token):
    for _ in range(100):
        try:
            request = urllib.request.Request(f"{base}/api/kernels?token={token}", data=b"{}", method="POST")
            return json.load(urllib.request.urlopen(request))["id"]
        except OSError:
            time.sleep(0.2)

async def milliseconds(port, kernel, token):
    """From a question to its answer, 60 times."""
    page, waits, session = await websocket_connect(f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels?token={token}"), [], uuid.uuid4().hex
    for _ in range(80):
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "session": session, "username": "", "version": "5.3", "date": ""}
        asked = time.perf_counter()
        await page.write_message(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": {"code": CODE}, "channel": "shell"}))
        answer = None
        while answer is None or answer["header"]["msg_type"] != "display_data" or answer["parent_header"]["msg_id"] != header["msg_id"]:
            answer = json.loads(await page.read_message())
        waits.append(1e3 * (time.perf_counter() - asked))
        await asyncio.sleep(0.1)
    page.close()
    return waits[20:]

def slowest_quarter(*flags):
    token, port = secrets.token_hex(8), free_port()
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", *flags]
    environment = {**os.environ, "JUPYTER_TOKEN": token, "PYTHONPATH": ".", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "run", "JUPYTER_DATA_DIR": "data"}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        kernel = new_kernel(f"http://127.0.0.1:{port}", token)
        return statistics.quantiles(asyncio.run(milliseconds(port, kernel, token)), n=4)[2]
    finally:
        server.terminate()
        server.wait()

held, prompt = slowest_quarter(), slowest_quarter("--ServerApp.kernel_websocket_connection_class=prompt.Prompt")
print(f"from a question to its answer: {held:.1f} ms as installed, {prompt:.1f} ms with set_nodelay(True) (a quarter of 60 take longer)")
if not (held > 30 and held > 2 * prompt):
    raise SystemExit("the answer is not held back: it has changed")
PYTHON
venv/bin/python ask.py
