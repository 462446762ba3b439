// The style of the page at /docs: quiet, in the colours that the reader's system prefers, two
// columns where they fit and one on a phone, where each replica of the table becomes a card.

/// CSS for DocsMarkup.
enum DocsStyle {
  static let css = colours + text + operations + fields + pool + narrow

  /// Every pair of text and ground has a contrast of 4.5 or more.
  private static let colours = """
    :root { color-scheme: light dark;
      --ground: #f6f7f9; --card: #fff; --ink: #1d2229; --quiet: #59636e; --line: #d5dae0;
      --code: #f1f3f5; --accent: #0a5ec2; --onAccent: #fff; --tint: #eaf2fc; --flash: #d6e8ff;
      --good: #14713a; --warn: #855400; --bad: #b3211c; --idle: #5b5fc7 }
    @media (prefers-color-scheme: dark) { :root {
      --ground: #0f1216; --card: #171b21; --ink: #e4e8ed; --quiet: #9aa4af; --line: #2e353e;
      --code: #0f1317; --accent: #6cb0ff; --onAccent: #08182b; --tint: #182534; --flash: #1d3a5c;
      --good: #5bc981; --warn: #e2ae4a; --bad: #ff8a80; --idle: #a9aefc } }

    """

  private static let text = """
    * { box-sizing: border-box }
    html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100% }
    body { margin: 0 auto; padding: 0 1.5rem 3rem; max-width: 92rem; background: var(--ground);
      color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
    header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1.5rem;
      padding: 1.25rem 0 1rem }
    header p { margin: 0; color: var(--quiet) }
    header nav { display: flex; gap: 1.25rem; margin-left: auto }
    h1 { margin: 0; font-size: 1.5rem; letter-spacing: -.01em }
    h1 small { margin-left: .25rem; font-size: .8rem; font-weight: 400; color: var(--quiet) }
    h2 { margin: 0 0 .6rem; font-size: 1.05rem }
    h3 { margin: 1.1rem 0 .35rem; font-size: .9rem }
    h4 { margin: .7rem 0 .3rem; font-size: .8rem; font-weight: 600; color: var(--quiet) }
    a { color: var(--accent) }
    code, pre, textarea, input, .method, .turn ol { font-family: ui-monospace, "SF Mono", Menlo,
      "DejaVu Sans Mono", monospace; font-size: .84rem }
    pre { margin: 0; padding: .55rem .7rem; max-height: 24rem; overflow: auto; border-radius: 6px;
      border: 1px solid var(--line); background: var(--code); white-space: pre-wrap;
      overflow-wrap: anywhere }
    [hidden] { display: none !important }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
    .quiet { margin: 0; color: var(--quiet) }
    main { display: grid; gap: 1.5rem; grid-template-columns: minmax(0, 1fr) }
    main > section { min-width: 0 }
    @media (min-width: 75rem) {
      main { grid-template-columns: minmax(0, 1fr) 45rem; align-items: start }
      #pool { position: sticky; top: 1.25rem; max-height: calc(100vh - 2.5rem);
        overflow-y: auto } }

    """

  private static let operations = """
    .operation, .pool { border: 1px solid var(--line); border-radius: 8px;
      background: var(--card) }
    .operation { margin-bottom: .75rem }
    summary { display: flex; align-items: center; flex-wrap: wrap; gap: .25rem .75rem;
      padding: .5rem .75rem .5rem .5rem; border-radius: 8px; cursor: pointer; list-style: none }
    summary::-webkit-details-marker { display: none }
    summary:hover { background: var(--tint) }
    summary code { font-weight: 600; font-size: .95rem }
    summary > span:last-child { color: var(--quiet) }
    summary::after { content: ""; width: .5rem; height: .5rem; margin-left: auto;
      border: solid var(--quiet); border-width: 0 2px 2px 0; transform: rotate(45deg) }
    [open] > summary::after { transform: rotate(225deg) }
    [open] > summary { border-radius: 8px 8px 0 0; background: var(--tint) }
    .method { min-width: 4.2rem; padding: .25rem .5rem; border-radius: 5px; font-weight: 700;
      text-align: center; color: var(--onAccent); background: var(--accent) }
    .method.any { background: var(--idle) }
    .inside { padding: .25rem 1rem 1rem; border-top: 1px solid var(--line) }
    .bar { display: flex; align-items: end; justify-content: space-between; min-height: 2.4rem;
      margin-bottom: .35rem }
    .bar h3 { margin-bottom: 0 }
    .responses { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .6rem 1rem;
      margin: 0 }
    .responses dt { font-weight: 600 }
    .responses dd { margin: 0 }
    .responses pre { margin-top: .25rem; color: var(--quiet) }
    .turn ol { display: flex; flex-wrap: wrap; gap: .35rem; margin: 0; padding: 0;
      list-style: none }
    .turn li { padding: .05rem .5rem; border: 1px solid var(--line); border-radius: 99px;
      color: var(--quiet) }
    .turn li:last-child { border-color: var(--accent); background: var(--flash);
      color: var(--ink); font-weight: 600 }
    .outcome { display: flex; flex-wrap: wrap; gap: 0 .75rem; margin: 0 }
    .took { color: var(--quiet) }

    """

  private static let fields = """
    button, input, select, textarea { padding: .35rem .7rem; border: 1px solid var(--line);
      border-radius: 6px; background: var(--card); color: inherit; font-size: .9rem }
    button, select { font-family: inherit }
    button { cursor: pointer; font-weight: 600 }
    button:hover { border-color: var(--accent) }
    .execute { flex: 3; border-color: var(--accent); background: var(--accent);
      color: var(--onAccent) }
    .execute:hover { filter: brightness(1.1) }
    .execute[aria-disabled=true] { opacity: .6; cursor: default }
    .clear { flex: 1 }
    .copy { padding: .1rem .55rem; font-size: .8rem; font-weight: 400 }
    .buttons { display: flex; gap: .6rem; margin-top: .9rem }
    label { display: block; margin-top: .7rem; font-size: .85rem; color: var(--quiet) }
    label > * { display: block; width: 100%; margin-top: .2rem; color: var(--ink) }
    textarea { resize: vertical }
    :disabled { background: var(--ground); cursor: not-allowed }
    ::placeholder { color: var(--quiet); opacity: 1 }
    .line { display: flex; gap: .6rem }
    .wide { flex: 1; min-width: 0 }

    """

  private static let pool = """
    .state { white-space: nowrap }
    .state::before { content: ""; display: inline-block; width: .6em; height: .6em;
      margin-right: .45em; border-radius: 50%; background: currentColor }
    .up { color: var(--good) }
    .starting, .slow, .unresolved { color: var(--warn) }
    .ejected, .down { color: var(--bad) }
    .draining, .maint { color: var(--idle) }
    td .state { font-weight: 600 }
    tbody small { display: block; font-weight: 400; color: var(--quiet) }
    #live { margin: -.35rem 0 .6rem; font-size: .85rem; color: var(--quiet) }
    #live.lost { color: var(--bad); font-weight: 600 }
    .lost + #pools { opacity: .45 }
    .pool { overflow-x: auto; margin-bottom: .75rem }
    table { width: 100%; border-collapse: collapse; font-size: .85rem;
      font-variant-numeric: tabular-nums }
    caption { padding: .5rem .75rem 0; text-align: left; color: var(--quiet) }
    th, td { padding: .4rem .45rem; text-align: right; white-space: nowrap }
    th { font-weight: 600; font-size: .78rem; color: var(--quiet) }
    tbody th { font-size: inherit; color: var(--ink) }
    tbody tr > * { border-top: 1px solid var(--line) }
    .left { text-align: left }
    tr > :first-child { padding-left: .75rem }
    tr > :last-child { padding-right: .75rem }
    .answered > * { background: var(--flash) }
    @media (prefers-reduced-motion: no-preference) { tr > * { transition: background .5s } }

    """

  /// A row of ten figures does not fit a phone: each replica becomes a card of named figures.
  private static let narrow = """
    @media (max-width: 45rem) {
      body { padding: 0 .75rem 2rem }
      header nav { margin-left: 0; width: 100% }
      .inside { padding: .25rem .7rem .8rem }
      table, caption, tbody, tr, tbody th, td { display: block }
      thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px;
        overflow: hidden }
      tbody tr { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)) minmax(0, 1.5fr);
        gap: .3rem .5rem; padding: .6rem .75rem; border-top: 1px solid var(--line) }
      tbody tr > *, tbody tr > :first-child { padding: 0; border: 0; text-align: left;
        white-space: normal; overflow-wrap: anywhere }
      tbody tr > .wide { grid-column: span 2 }
      td small { display: inline; margin-left: .35em }
      td[data-name]::before { content: attr(data-name); display: block; font-size: .75rem;
        color: var(--quiet) }
      tbody .answered > * { background: none }
      tbody .answered { background: var(--flash) } }

    """
}
