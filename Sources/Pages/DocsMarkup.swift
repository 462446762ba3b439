// The body of the page at /docs: two operations that open, the pool beside them, and the template
// of an answer. What it does is in DocsScript, what it looks like in DocsStyle.

/// HTML without style and without handlers.
enum DocsMarkup {
  static let body = #"""
    <header>
    <h1>lbd <small id="version"></small></h1>
    <p>An HTTP load balancer and its replicas</p>
    <nav aria-label="On this page">
    <a href="#pool" class="state" id="summary">the pool</a>
    <a href="/openapi.json">/openapi.json</a>
    </nav>
    </header>
    <noscript><p>Execute and the live pool need JavaScript; curl and lbctl do not.</p></noscript>
    <main>
    <section aria-labelledby="requests">
    <h2 id="requests">Requests</h2>
    \#(getInfo)
    \#(own)
    </section>
    <section id="pool" aria-labelledby="replicas">
    <h2 id="replicas">Pool</h2>
    <p id="live" role="status">asking lbd …</p>
    <div id="pools"></div>
    </section>
    </main>
    \#(answer)
    """#

  /// As users of FastAPI's page know it: open the row, Try it out, Execute.
  static let getInfo = #"""
    <details class="operation" id="getInfo">
    <summary><span class="method">GET</span> <code>/getInfo</code> <span>Get Info</span></summary>
    <div class="inside">
    <div class="bar"><h3>Parameters</h3><button type="button" class="try">Try it out</button></div>
    <p class="quiet">No parameters. The next replica in turn answers.</p>
    <div class="buttons" hidden>
    <button type="button" class="execute">Execute</button>
    <button type="button" class="clear">Clear</button>
    </div>
    <div class="result"></div>
    <h3>Responses</h3>
    <dl class="responses">
    <dt>200</dt><dd>Successful Response
    <pre>{"message":"necessary info","port":"8081"}</pre></dd>
    <dt>503</dt><dd>No replica is available
    <pre>{"detail":"no replica is available"}</pre></dd>
    </dl>
    </div>
    </details>
    """#

  /// For people's own apps behind lbd.
  static let own = #"""
    <details class="operation" id="own">
    <summary><span class="method any">ANY</span> <code>/…</code>
    <span>A request of your own</span></summary>
    <form class="inside">
    <div class="line">
    <label>Method <select name="method"><option>GET<option>HEAD<option>POST<option>PUT<option>PATCH
    <option>DELETE<option>OPTIONS</select></label>
    <label class="wide">Path and query <input name="path" value="/getInfo" required
    spellcheck="false" autocomplete="off" autocapitalize="off"></label>
    </div>
    <label>Headers, one a line <textarea name="headers" rows="2" spellcheck="false"
    placeholder="Accept: application/json"></textarea></label>
    <label>Body <textarea name="body" rows="4" spellcheck="false" disabled
    placeholder="GET and HEAD have none"></textarea></label>
    <div class="buttons">
    <button type="submit" class="execute">Execute</button>
    <button type="button" class="clear">Clear</button>
    </div>
    <div class="result"></div>
    </form>
    </details>
    """#

  /// One answer, and the turn of those before it.
  static let answer = #"""
    <template id="answer">
    <div class="turn" hidden><h3>Answered by</h3><ol></ol></div>
    <div class="bar"><h3>Curl</h3><button type="button" class="copy">Copy</button></div>
    <pre class="curl" tabindex="0" aria-label="Curl"></pre>
    <h3>Request URL</h3>
    <pre class="url" tabindex="0" aria-label="Request URL"></pre>
    <h3>Server response</h3>
    <p class="outcome" role="status"><strong class="code"></strong> <span class="took"></span></p>
    <h4>Response body</h4>
    <pre class="body" tabindex="0" aria-label="Response body"></pre>
    <h4>Response headers</h4>
    <pre class="headers" tabindex="0" aria-label="Response headers"></pre>
    </template>
    """#
}
