// The part of the script of /docs that shows the pool as it is: once a second while someone
// looks, not at all while the page is hidden, and it says so when lbd does not answer.

/// JavaScript that keeps `#pools`, `#live` and the page's summary.
enum DocsPoolScript {
  static let javaScript = columns + table + polling

  /// The columns of `lbctl pool`: name, text, class, and a smaller text. The requests
  /// since the start are there because the turn shows in them. Who may not see all is told the
  /// first two, without their smaller texts.
  private static let columns = #"""
    const allColumns = [
      ["Replica", replica => replica.name, "left wide", replica => replica.address ?? ""],
      ["State", replica => replica.state, "left wide", replica => since(replica.state_seconds)],
      ["Active", replica => String(replica.active)],
      ["Requests", replica => String(replica.requests)],
      ["Req/s", replica => replica.rate?.toFixed(replica.rate < 999.95 ? 1 : 0) ?? "-"],
      ["P50", replica => latency(replica.p50_ms)],
      ["P99", replica => latency(replica.p99_ms)],
      ["5xx", replica => String(replica.status_5xx)],
      ["Retries", replica => String(replica.retries)],
      ["Check", replica => replica.check.latency_ms == null ? replica.check.result
        : `${replica.check.result} ${latency(replica.check.latency_ms)}`, "left"],
    ];
    let columns = allColumns;
    function since(seconds) {
      if (seconds === undefined) return "";
      if (seconds < 60) return Math.floor(seconds) + "s";
      if (seconds < 3600) return Math.floor(seconds / 60) + "m";
      if (seconds < 86400) return Math.floor(seconds / 3600) + "h";
      return Math.floor(seconds / 86400) + "d";
    }

    """#

  private static let table = #"""
    const rows = new Map();
    let shape = "";
    // Tables are made anew only when replicas come or go; else their texts change in place.
    function showPools({ listener, pools }) {
      const names = JSON.stringify([listener !== undefined, pools.map(pool =>
        [pool.name, pool.algorithm, pool.replicas.map(replica => replica.name)])]);
      if (names !== shape) {
        columns = listener === undefined ? allColumns.slice(0, 2) : allColumns;
        rows.clear();
        find("#pools").replaceChildren(...pools.map(makePool));
        shape = names;
      }
      for (const pool of pools) {
        for (const replica of pool.replicas) fill(rows.get(pool.name + "/" + replica.name), replica);
      }
    }
    function makePool(pool) {
      const table = make("table");
      const head = table.createTHead().insertRow();
      for (const [name, , className] of columns) {
        const cell = make("th", name, className === undefined ? "" : "left");
        cell.scope = "col";
        head.append(cell);
      }
      table.createCaption().textContent = pool.algorithm === undefined ? pool.name
        : `${pool.name}, ${String(pool.algorithm).replaceAll("_", " ")}`;
      const body = table.createTBody();
      for (const replica of pool.replicas) {
        const row = body.insertRow();
        row.append(...columns.map(makeCell));
        rows.set(pool.name + "/" + replica.name, row);
      }
      // A phone lays the cells out as cards; the roles keep it a table for who hears it.
      for (const [selector, role] of [["thead, tbody", "rowgroup"], ["tr", "row"], ["td", "cell"],
        ["thead th", "columnheader"], ["tbody th", "rowheader"]]) {
        for (const element of table.querySelectorAll(selector)) element.setAttribute("role", role);
      }
      table.setAttribute("role", "table");
      const frame = make("div", "", "pool");
      frame.append(table);
      return frame;
    }
    function makeCell([name, , className, readSmall], index) {
      const cell = make(index === 0 ? "th" : "td", "", className ?? "");
      if (index === 0) cell.scope = "row"; else cell.dataset.name = name;
      cell.append(make("span"));
      if (readSmall) cell.append(make("small"));
      return cell;
    }
    function fill(row, replica) {
      row.dataset.address = replica.address ?? ":" + replica.name;
      columns.forEach(([name, read, , readSmall], index) => {
        const [large, small] = row.cells[index].children;
        setText(large, read(replica));
        if (readSmall) setText(small, readSmall(replica));
        if (name === "State") large.className = "state " + replica.state;
      });
    }
    document.addEventListener("answered", ({ detail: port }) => {
      for (const row of rows.values()) {
        row.classList.toggle("answered", row.dataset.address.endsWith(":" + port));
      }
    });

    """#

  private static let polling = #"""
    const timeOfDay = () => new Date().toLocaleTimeString();
    const live = find("#live"), summary = find("#summary");
    let timer = 0, isAsking = false, lastAnswer = timeOfDay();
    function summarise(report) {
      const counts = new Map();
      for (const { state } of report.pools.flatMap(pool => pool.replicas)) {
        counts.set(state, (counts.get(state) ?? 0) + 1);
      }
      const states = [...counts.keys()];
      setText(summary, [...counts].map(([state, count]) => `${count} ${state}`).join(", ")
        || "no replicas");
      summary.className = "state " + (states.find(state => state !== "up") ?? states[0] ?? "down");
      setText(find("#version"), report.version ?? "");
      live.className = "";
      setText(live, report.listener !== undefined ? `Live from ${report.listener}`
        : "Live. The rest is shown on lbd's own machine, and everywhere with docs = full.");
    }
    function lost(error) {
      live.className = "lost";
      setText(live, error instanceof Refused ? error.message
        : `lbd has not answered since ${lastAnswer}; asking again every second`);
      setText(summary, "lbd does not answer");
      summary.className = "state down";
    }
    class Refused extends Error {}
    async function readPool() {
      const response = await fetch("/docs/pool",
        { cache: "no-store", signal: AbortSignal.timeout(3000) });
      if (!response.ok) throw new Refused(`lbd cannot tell of its pool: ${response.status}`);
      return response.json();
    }
    async function poll() {
      isAsking = true;
      const report = await readPool().catch(lost);
      isAsking = false;
      if (!document.hidden) timer = setTimeout(poll, 1000);
      if (!report) return;
      lastAnswer = timeOfDay();
      showPools(report);
      summarise(report);
    }
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (!document.hidden && !isAsking) poll();
    });
    poll();

    """#
}
