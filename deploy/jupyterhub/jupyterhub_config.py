"""JupyterHub on one machine for one class: each person is a system user and has a JupyterLab of their own.

Start it as root, from a shell whose PATH has `configurable-http-proxy`, with the environment that the course is
installed in: `jupyterhub -f jupyterhub_config.py`. README.md beside this file says what to do first.
"""

import os
import pwd
import subprocess
import sys
from pathlib import Path

c = get_config()  # noqa: F821 (JupyterHub provides it)

ROOT = Path(os.environ.get("TIPS_ROOT", "/srv/tips"))
GROUP = os.environ.get("TIPS_GROUP", "tips-class")
COURSE = os.environ.get("TIPS_COURSE", "tips")

# Behind a web server that speaks HTTPS; never let people log in over plain HTTP.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"

# PAM: the passwords of the system's users. Everybody in the class's group comes in, nobody else.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {GROUP}

c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = [str(Path(sys.prefix, "bin", "jupyterhub-singleuser"))]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 120

# A student's kernel that is forgotten overnight holds memory that the others need.
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]
c.JupyterHub.services = [
    {"name": "idle-culler", "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=7200"]}
]


def as_user(name: str, *command: str) -> None:
    """Run a command with this user's rights: what is in a home folder is not to be trusted by root."""
    user = pwd.getpwnam(name)
    groups = os.getgrouplist(name, user.pw_gid)
    subprocess.run(command, user=user.pw_uid, group=user.pw_gid, extra_groups=groups, cwd="/", check=True)


def get_ready(spawner) -> None:
    """Before a server starts: which settings it reads, and what its user finds at home."""
    user = pwd.getpwnam(spawner.user.name)
    # Whoever owns the course in the exchange is the teacher.
    teacher = (ROOT / "exchange" / COURSE).stat().st_uid == user.pw_uid
    spawner.environment["JUPYTER_CONFIG_PATH"] = str(ROOT / "settings" / ("teacher" if teacher else "student"))
    spawner.notebook_dir = f"{user.pw_dir}/tips"
    as_user(user.pw_name, "mkdir", "-p", spawner.notebook_dir)
    if not teacher:
        # New lectures come in; what a student already has is never replaced.
        as_user(user.pw_name, "cp", "-r", "--no-clobber", f"{ROOT}/kit/.", spawner.notebook_dir)


c.Spawner.pre_spawn_hook = get_ready
