"""Where this clone's repository and its site are: every link that leaves the pages asks here.

Nothing is configured. The clone's own remote, at GitHub or GitLab, tells both, so that the pages
of a fork lead to the fork. Two environment variables speak before it: ``BOOK_REMOTE``, for a
machine whose copy has no remote, and ``BOOK_SITE``, where the remote does not tell the site's
address (a domain of one's own, a GitLab of one's own). What is not known is empty, and then the
pages have no link that would need it.
"""

import os
import re
from dataclasses import dataclass
from urllib.parse import quote

from publishing import checkout

# As git writes them: a scheme, or user and host before a colon, scp's way; without credentials.
REMOTE = re.compile(
    r"(?:(?P<scheme>https?|ssh|git|git\+ssh)://(?:[^/]*@)?(?P<host>[^/:@]+)(?P<port>:\d+)?/+"
    r"|(?:[^/:@]+@)?(?P<alias>[^/:@]+):/*)"
    r"(?P<path>[\w.-]+(?:/[\w.-]+)*?/[\w.-]+?)(?:\.git)?/*"
)
NOTEBOOK_BRANCH = "notebooks"  # where the publishing workflow puts the executed notebooks


@dataclass(frozen=True)
class Addresses:
    """What is known of this clone; each address is empty where it is not.

    Parameters
    ----------
    host : str
        ``github``, ``gitlab`` (gitlab.com), ``own gitlab`` or nothing.
    path : str
        Owner, or groups, and name of the repository: ``owner/name``.
    repository : str
        Its page, without a slash at the end.
    site : str
        Where the pages are published, with a slash at the end.
    """

    host: str = ""
    path: str = ""
    repository: str = ""
    site: str = ""

    def binder(self, page):
        """Where mybinder.org runs a chapter; it asks the two public hosts only."""
        kind = {"github": "gh", "gitlab": "gl"}.get(self.host)
        if not kind:
            return ""
        path = self.path if kind == "gh" else quote(self.path, safe="")
        lab = quote(f"lab/tree/{page}.py", safe="")
        return f"https://mybinder.org/v2/{kind}/{path}/HEAD?urlpath={lab}"

    def colab(self, page):
        """Where Colab opens a chapter's notebook; it reads of these hosts GitHub only."""
        if self.host != "github":
            return ""
        opened = f"github/{self.path}/blob/{NOTEBOOK_BRANCH}/{page}.ipynb"
        return f"https://colab.research.google.com/{opened}"


def find(remote, site=""):
    """The addresses that follow from a remote.

    Parameters
    ----------
    remote : str
        As ``git remote get-url`` prints it; of another host than GitHub or GitLab, a folder, or
        empty, it tells nothing.
    site : str, optional
        The site's address, where it is not the one that the host gives to a repository.

    Returns
    -------
    Addresses

    Raises
    ------
    ValueError
        If `site` is not an address.

    Examples
    --------
    >>> find("git@github.com:someone/learning-lorenz.git").site
    'https://someone.github.io/learning-lorenz/'
    >>> find("/home/someone/learning-lorenz").repository
    ''
    """
    site = site.strip()
    if site and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", site):
        raise ValueError(f"BOOK_SITE must be like https://example.org/book/, got {site!r}")
    site = site and site.rstrip("/") + "/"
    found = REMOTE.fullmatch(remote.strip())
    if not found:
        return Addresses(site=site)
    name, path = (found["host"] or found["alias"]).lower(), found["path"]
    # GitHub and GitLab take ssh at another host's port 443; people name an account's alias so.
    public = re.fullmatch(r"(?:(?:www|ssh|altssh)\.)?(github|gitlab)\.com(?:-[\w-]+)?", name)
    owner, _, rest = path.partition("/")
    if public:
        host = public[1]
        if host == "github" and "/" in rest:
            return Addresses(site=site)
        pages = f"{owner.lower()}.{host}.io"
        given = f"https://{pages}/" + ("" if rest.lower() == pages else f"{rest}/")
        return Addresses(host, path, f"https://{host}.com/{path}", site or given)
    if name.startswith("gitlab."):
        web = f"{found['scheme']}://{name}{found['port'] or ''}"
        web = web if web.startswith("http") else f"https://{name}"
        return Addresses("own gitlab", path, f"{web}/{path}", site)
    return Addresses(site=site)


def known():
    """The addresses of this clone.

    Raises
    ------
    ValueError
        If one of the two environment variables is set to something else than it should be.
    """
    given = os.environ.get("BOOK_REMOTE", "")
    found = find(given or checkout.remote(), os.environ.get("BOOK_SITE", ""))
    if given and not found.repository:
        shown = re.sub(r"//[^/]*@", "//", given)  # logs are public
        example = "https://github.com/owner/name"
        raise ValueError(f"BOOK_REMOTE must be at GitHub or GitLab, like {example}, got {shown!r}")
    return found
