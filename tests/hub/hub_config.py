"""The shipped example, with what a test needs in the place of passwords and of the fixed ports."""

import os

c = get_config()  # noqa: F821 (JupyterHub provides it)
load_subconfig(os.environ["TIPS_EXAMPLE"])  # noqa: F821

port, hub_port, proxy_port = map(int, os.environ["TIPS_PORTS"].split())
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_port = hub_port
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{proxy_port}"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "for the test"
c.Authenticator.allowed_users = set(os.environ["TIPS_USERS"].split())
# The test asks JupyterLab itself what it is doing.
c.Spawner.args = ["--LabApp.expose_app_in_browser=True"]
