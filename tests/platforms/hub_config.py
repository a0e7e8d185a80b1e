"""The Hub of hub.py: two users of their own numbers and homes on one machine, what they share is read only."""

import json
import os
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner

given = json.loads(os.environ["PLAYED_HUB"])
c = get_config()  # noqa: F821


class OwnNumber(SimpleLocalProcessSpawner):
    """A user is a number and a folder: none has to be made on the machine."""

    home_dir_template = str(Path(given["homes"]) / "{username}")

    def make_preexec_fn(self, name):
        number, home = given["users"][name], Path(given["homes"]) / name

        def become():
            os.setgroups([])
            os.setgid(number)
            os.setuid(number)
            os.umask(0o077)
            os.chdir(home)

        return become


c.JupyterHub.spawner_class = OwnNumber
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = set(given["users"])
c.JupyterHub.bind_url = f"http://127.0.0.1:{given['port']}/"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{given['hub_port']}"
c.JupyterHub.db_url = f"sqlite:///{given['folder']}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{given['folder']}/cookie_secret"
c.ConfigurableHTTPProxy.command = [given["proxy"]]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{given['proxy_port']}"
c.ConfigurableHTTPProxy.pid_file = f"{given['folder']}/proxy.pid"
c.JupyterHub.services = [{"name": "teacher", "api_token": given["token"]}]
c.JupyterHub.load_roles = [
    {"name": "teacher", "services": ["teacher"], "scopes": ["admin:users", "admin:servers", "tokens"]},
]
c.Spawner.cmd = [f"{given['environment']}/bin/jupyterhub-singleuser"]
c.Spawner.notebook_dir = given["course"]
c.Spawner.environment = {"TORCH_HOME": given["weights"], "OMP_NUM_THREADS": "1"}
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
