/* Downloads: the API's answer in the format chosen, with what has come so far, or the chart as a picture. */
window.waypost = window.waypost || {};
window.waypost.download = window.waypost.download || {};

(function defineDownload(download) {
  /** A number of bytes as people say it. */
  download.size = function size(bytes) {
    if (bytes < 1000) return `${bytes} B`;
    return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  };

  /** The address of an answer in a format. */
  download.address = function address(url, format) {
    return `${url}${url.includes("?") ? "&" : "?"}format=${format}`;
  };

  /** The name that the server gives a file (RFC 6266), or else `fallback`. */
  download.nameOf = function nameOf(header, fallback) {
    const encoded = /filename\*=UTF-8''([^;]+)/.exec(header || "");
    if (encoded) return decodeURIComponent(encoded[1]);
    const plain = /filename="([^"]+)"/.exec(header || "");
    return plain ? plain[1] : fallback;
  };

  /**
   * Fetch a file and tell how much has come: {blob, name}. Raises an Error whose message is what the server said.
   * `fetcher` is that of the window, `tell(bytes)` is called as they come.
   */
  download.get = async function get(fetcher, url, fallback, tell) {
    let answer;
    try {
      answer = await fetcher(url);
    } catch {
      throw new Error("Waypost cannot be reached. Try again in a moment.");
    }
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      throw new Error(problem.detail || `The server answered ${answer.status}. Try again in a moment.`);
    }
    const parts = [];
    let bytes = 0;
    const reader = answer.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      bytes += value.length;
      tell(bytes);
    }
    const type = answer.headers.get("content-type") || "application/octet-stream";
    return { blob: new Blob(parts, { type }), name: download.nameOf(answer.headers.get("content-disposition"), fallback) };
  };
})(window.waypost.download);

(function startDownload(download) {
  if (typeof document === "undefined") return;
  const questions = new Map(); // the newest question of each menu, by its name

  function save(href, name) {
    const link = document.createElement("a");
    link.href = href;
    link.download = name;
    link.addEventListener("click", (event) => event.stopPropagation()); // it is no click beside the menu
    document.body.append(link);
    link.click();
    link.remove();
  }

  async function picture(button) {
    const card = button.closest(".wp-box") || document;
    const graph = card.querySelector(".js-plotly-plot");
    if (!graph) throw new Error("There is no chart yet.");
    const style = getComputedStyle(document.body);
    const heading = card.querySelector(".wp-box-heading");
    const title = heading ? heading.textContent : "";
    const ground = style.getPropertyValue("--wp-surface").trim();
    // A copy: the chart on the page stays as it is.
    const layout = Object.assign({}, graph.layout, {
      paper_bgcolor: ground,
      plot_bgcolor: ground,
      title: { text: title.replace(/</g, "&lt;"), x: 0.01, font: { size: 16 } },
      margin: Object.assign({}, graph.layout.margin, { t: 48 }),
    });
    const figure = { data: graph.data, layout, config: {} };
    const box = graph.getBoundingClientRect();
    const size = { width: Math.round(box.width), height: Math.round(box.height) + 40 };
    const href = await window.Plotly.toImage(figure, Object.assign({ format: "png", scale: 2 }, size));
    save(href, `${title.replace(/[^\p{L}\p{N}.-]+/gu, "-").replace(/^-|-$/g, "") || "waypost"}.png`);
  }

  async function start(button) {
    const { download: name, format } = button.dataset;
    const said = document.querySelector(`[data-said="${name}"]`);
    const tell = (text, failed) => {
      said.textContent = text;
      said.toggleAttribute("data-failed", Boolean(failed));
    };
    const others = [...button.parentElement.querySelectorAll("button")];
    others.forEach((one) => (one.disabled = true));
    try {
      if (format === "png") {
        tell("Drawing…");
        await picture(button);
        tell("Saved.");
        return;
      }
      const question = questions.get(name);
      if (!question) throw new Error("Nothing is shown yet. Wait for the first answer.");
      tell("The server is at work…");
      const address = download.address(question.url, format);
      const { blob, name: file } = await download.get(window.fetch.bind(window), address, `waypost.${format}`, (bytes) =>
        tell(`${download.size(bytes)} so far…`),
      );
      const href = URL.createObjectURL(blob);
      save(href, file);
      window.setTimeout(() => URL.revokeObjectURL(href), 10_000);
      tell(`Saved ${file}, ${download.size(blob.size)}.`);
    } catch (error) {
      tell(error.message, true);
    } finally {
      others.forEach((one) => (one.disabled = false));
    }
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostDownload: {
      keep(all, ids) {
        (ids || []).forEach((id, i) => (all[i] ? questions.set(id.download, all[i]) : questions.delete(id.download)));
        return window.dash_clientside.no_update;
      },
    },
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[data-download]");
    if (button) start(button);
  });
  document.addEventListener("waypost:open", (event) => {
    const said = event.target.querySelector("[data-said]");
    if (said) said.textContent = "";
  });
})(window.waypost.download);
