// The part of the script of /docs that asks and shows the answer: as curl would ask it, as it
// came, with its head and how long it took. Bodies are shown while they come, up to a limit.

/// JavaScript of the class `Answers`.
enum DocsAnswerScript {
  static let javaScript = answers + bodies + curl

  /// Whoever runs an operation holds one.
  private static let answers = #"""
    class Answers {
      constructor(slot) {
        this.slot = slot;
        this.turn = [];
      }
      clear() {
        this.turn = [];
        this.slot.replaceChildren();
      }
      // The fields stay when the next answer comes, so that the page does not jump.
      fields() {
        if (!this.slot.firstElementChild?.matches(".turn")) {
          this.slot.replaceChildren(find("#answer").content.cloneNode(true));
          const copy = find(".copy", this.slot);
          copy.hidden = !navigator.clipboard;
          copy.addEventListener("click", async () => {
            await navigator.clipboard.writeText(find(".curl", this.slot).textContent);
            setText(copy, "Copied");
            setTimeout(setText, 1500, copy, "Copy");
          });
        }
        return name => find("." + name, this.slot);
      }
      refuse(message) {
        this.slot.replaceChildren(make("p", message, "refused"));
        this.slot.firstElementChild.setAttribute("role", "alert");
      }
      async ask(request, signal) {
        const field = this.fields();
        setText(field("curl"), curl(request));
        setText(field("url"), request.url.href);
        const start = performance.now();
        let outcome = "No answer", note = "";
        for (const name of ["body", "headers"]) field(name).textContent = "";
        try {
          const { method, headers, body } = request;
          const response = await fetch(request.url,
            { method, headers, body, signal, cache: "no-store" });
          outcome = `${response.status} ${response.statusText}`.trim();
          if (response.redirected) note = `redirected to ${response.url}, `;
          setText(field("code"), outcome);
          setText(field("headers"), headLines(response));
          note += await showBody(response, field("body"));
          this.answeredBy(field);
        } catch (error) {
          note += signal.aborted ? "stopped" : `lbd or the connection failed (${error.message})`;
        }
        field("code").className = "code " + (/^[123]/.test(outcome) ? "up" : "down");
        setText(field("code"), outcome);
        setText(field("took"), `${latency(performance.now() - start)}, ${note}`);
      }
      // Who answered is known where the body says so, as getInfo's does.
      answeredBy(field) {
        let port;
        try { ({ port } = JSON.parse(field("body").textContent)); } catch {}
        if (typeof port !== "string") return;
        this.turn = [...this.turn, port].slice(-24);
        field("turn").hidden = false;
        find("ol", field("turn")).replaceChildren(...this.turn.map(port => make("li", port)));
        document.dispatchEvent(new CustomEvent("answered", { detail: port }));
      }
    }
    function headLines(response) {
      return [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    }

    """#

  private static let bodies = #"""
    const bodyLimit = 256 * 1024;
    // Shows the body while it comes, and says how long it was.
    async function showBody(response, element) {
      const reader = response.body?.getReader();
      const decoder = new TextDecoder();
      let size = 0, text = "", isText = true;
      while (reader) {
        const { done, value } = await reader.read();
        if (done) break;
        if (size === 0) isText = !value.includes(0);
        size += value.length;
        if (isText) {
          text += decoder.decode(value, { stream: true });
          element.textContent = text;
        }
        if (size > bodyLimit) {
          reader.cancel();
          element.textContent = isText ? text.slice(0, bodyLimit) : "";
          return "only the first 256 KiB are shown";
        }
      }
      setText(element, isText ? pretty(text + decoder.decode()) : "(not text)");
      return size === 1 ? "1 byte" : `${size} bytes`;
    }
    // A short answer stays as it came. Longer JSON gets lines, and keeps each token as it came:
    // a parser of its own would round large numbers.
    function pretty(text) {
      if (text.length <= 80 || !looksLikeJSON(text)) return text;
      const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g);
      let result = "", depth = 0;
      const line = () => "\n" + "  ".repeat(depth);
      tokens.forEach((token, index) => {
        const isEmpty = "{[".includes(tokens[index - 1]) && "}]".includes(token);
        if ("}]".includes(token)) depth -= 1;
        if (!isEmpty && ("}]".includes(token) || "{[".includes(tokens[index - 1]))) {
          result += line();
        }
        result += token;
        if ("{[".includes(token)) depth += 1;
        if (token === ",") result += line();
        if (token === ":") result += " ";
      });
      return result;
    }

    """#

  private static let curl = #"""
    const quote = text => "'" + text.replaceAll("'", "'\\''") + "'";
    // The command for a shell that asks the same.
    function curl({ method, url, headers, body }) {
      const literally = /[[\]{}]/.test(url.href) ? "--globoff " : "";
      const how = method === "HEAD" ? "--head" : `-X ${quote(method)}`;
      const parts = [`curl ${literally}${how}`, quote(url.href)];
      for (const [name, value] of headers) parts.push("-H " + quote(`${name}: ${value}`));
      if (body !== undefined) parts.push("--data-raw " + quote(body));
      return parts.join(" \\\n  ");
    }

    """#
}
