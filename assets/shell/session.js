/* Signing in and out, and saying in the header who is signed in. */
window.waypost = window.waypost || {};
window.waypost.session = window.waypost.session || {};

(function defineSession(session) {
  const ADDRESS = "/api/v1/session";

  /** What to tell somebody whose sign-in was answered with this status and body. */
  session.problemOf = function problemOf(status, body) {
    const detail = body && typeof body.detail === "string" ? body.detail : "";
    if (status === 401 || status === 429) return detail;
    if (status === 503) return "The database does not answer, so nobody can sign in now. Try again in a moment.";
    return detail ? `It did not work: ${detail}` : "It did not work. Try again in a moment.";
  };

  /** How the link in the header is named for a visitor {user, role}. */
  session.nameOf = function nameOf(visitor) {
    return visitor && visitor.user ? `Signed in as ${visitor.user}` : "Sign in";
  };

  /** Where to go after signing in: where the form says, or else where the visitor came from; where both are the same
      page, to what was seen of it. */
  session.backTo = function backTo(next, before) {
    if (before && next === before.split("?")[0]) return before;
    return next || before || "/";
  };

  /** Ask the server: {status, body}; status 0 where it cannot be reached. */
  session.ask = async function ask(fetcher, method, content) {
    const options = { method, headers: { "Content-Type": "application/json" } };
    if (content) options.body = JSON.stringify(content);
    try {
      const answer = await fetcher(ADDRESS, options);
      const body = answer.status === 204 ? null : await answer.json();
      return { status: answer.status, body };
    } catch {
      return { status: 0, body: { detail: "Waypost cannot be reached." } };
    }
  };
})(window.waypost.session);

(function startSession(session) {
  if (typeof document === "undefined") return;
  const fetcher = window.fetch.bind(window);
  let before = null; // where the visitor was when a link to sign in was followed
  let told = false;

  function show(visitor) {
    const name = session.nameOf(visitor);
    const known = Boolean(visitor && visitor.user);
    window.waypost.props.set("visitor", { title: name, className: `wp-visitor${known ? " wp-visitor-known" : ""}` });
    window.waypost.props.set("visitor-name", { children: name });
  }

  async function signIn(form) {
    const given = new FormData(form);
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    const { status, body } = await session.ask(fetcher, "POST", { user: given.get("user"), password: given.get("password") });
    if (status === 200) {
      window.location.assign(session.backTo(form.dataset.next, before));
      return;
    }
    button.disabled = false;
    window.dash_clientside.set_props("sign-in-problem", { children: session.problemOf(status, body) });
    form.elements.namedItem("password").select();
  }

  async function signOut() {
    const { status, body } = await session.ask(fetcher, "DELETE");
    if (status === 204) window.location.assign("/");
    else window.dash_clientside.set_props("sign-in-problem", { children: session.problemOf(status, body) });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest && event.target.closest("form[data-sign-in]");
    if (!form) return;
    event.preventDefault();
    signIn(form);
  });

  document.addEventListener(
    "click",
    (event) => {
      if (!event.target.closest) return;
      if (event.target.closest('a[href^="/sign-in"]') && window.location.pathname !== "/sign-in") {
        before = window.location.pathname + window.location.search;
      }
      if (event.target.closest("[data-sign-out]")) signOut();
    },
    true,
  );

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostSession: {
      /** The frame is there: say once who is signed in. */
      async greet() {
        if (!told) {
          told = true;
          const { status, body } = await session.ask(fetcher, "GET");
          if (status === 200) show(body);
        }
        return window.dash_clientside.no_update;
      },
    },
  });
})(window.waypost.session);
