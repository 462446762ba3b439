// The script of the page at /docs, in parts that are told apart by what they are about: requests
// here, their answers in DocsAnswerScript, the pool in DocsPoolScript. It is one module of plain
// JavaScript. Texts reach the page as text only; the page's policy refuses anything else.

/// JavaScript for DocsMarkup.
enum DocsScript {
  static let javaScript =
    common + DocsAnswerScript.javaScript + requests + DocsPoolScript.javaScript

  /// Small helps for all parts.
  private static let common = #"""
    const find = (selector, root = document) => root.querySelector(selector);
    function setText(element, text) {
      if (element.textContent !== text) element.textContent = text;
    }
    function make(tag, text = "", className = "") {
      const element = document.createElement(tag);
      element.textContent = text;
      element.className = className;
      return element;
    }
    function latency(ms) {
      if (typeof ms !== "number") return "-";
      if (ms < 0.095) return ms.toFixed(2) + "ms";
      if (ms < 99.95) return ms.toFixed(1) + "ms";
      return ms < 999.5 ? ms.toFixed(0) + "ms" : (ms / 1000).toFixed(1) + "s";
    }

    """#

  /// The two operations: what they ask, and their buttons.
  private static let requests = #"""
    class Operation {
      constructor(root) {
        this.root = root;
        this.execute = find(".execute", root);
        this.clearing = find(".clear", root);
        this.answers = new Answers(find(".result", root));
        this.clearing.addEventListener("click", () => this.running ? this.stop() : this.clear());
      }
      stop() { this.running?.abort(); }
      clear() { this.stop(); this.answers.clear(); }
      show(running) {
        this.running = running;
        this.execute.setAttribute("aria-disabled", String(Boolean(running)));
        setText(this.execute, running ? "Executing …" : "Execute");
        setText(this.clearing, running ? "Stop" : "Clear");
      }
      // One request at a time: the next begins when this one has ended.
      async run(makeRequest) {
        if (this.running) return;
        const stopper = new AbortController();
        this.show(stopper);
        try {
          await this.answers.ask(makeRequest(), stopper.signal);
        } catch (error) {
          this.answers.refuse(error.message);
        } finally {
          this.show(null);
        }
      }
    }

    const getInfo = new Operation(find("#getInfo"));
    const trying = find(".try", getInfo.root);
    trying.addEventListener("click", () => {
      const buttons = find(".buttons", getInfo.root);
      buttons.hidden = !buttons.hidden;
      trying.textContent = buttons.hidden ? "Try it out" : "Cancel";
      if (buttons.hidden) getInfo.clear();
    });
    getInfo.execute.addEventListener("click", () => getInfo.run(() => ({
      method: "GET", url: new URL("/getInfo", location.origin),
      headers: new Headers({ accept: "application/json" }),
    })));

    const own = new Operation(find("#own"));
    const form = find("form", own.root);
    const hasBody = () => !["GET", "HEAD"].includes(form.elements.method.value);
    const fit = () => { form.elements.body.disabled = !hasBody(); };
    form.elements.method.addEventListener("change", fit);
    fit();
    form.addEventListener("submit", event => {
      event.preventDefault();
      own.run(readForm);
    });
    function readForm() {
      const { method, path, headers, body } = form.elements;
      const text = path.value.trim();
      const url = new URL(text.startsWith("/") ? text : "/" + text, location.origin);
      if (url.origin !== location.origin) throw new Error("The path leads away from lbd.");
      url.hash = "";
      const request = { method: method.value, url, headers: readHeaders(headers.value) };
      if (hasBody() && body.value !== "") {
        request.body = body.value;
        if (!request.headers.has("content-type")) {
          request.headers.set("content-type", looksLikeJSON(body.value)
            ? "application/json" : "text/plain;charset=UTF-8");
        }
      }
      return request;
    }
    function readHeaders(text) {
      const headers = new Headers();
      for (const line of text.split("\n").map(line => line.trim()).filter(Boolean)) {
        const colon = line.indexOf(":");
        if (colon < 1) throw new Error(`A header is written "Name: value", not "${line}".`);
        headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
      }
      return headers;
    }
    function looksLikeJSON(text) {
      try { JSON.parse(text); return true; } catch { return false; }
    }

    """#
}
