// The page at /docs and the document at /openapi.json, put together once when lbd starts. The page
// is one piece of HTML with its style and script inside: it asks nobody else for anything, and its
// Content-Security-Policy holds it to that. The workers send the bytes as they are.

/// The page at /docs.
package enum DocsPage {
  /// The page as it goes over the wire.
  package static let bytes = Array(html.utf8)

  /// The whole page. Style and script stand in it byte for byte, as their hashes want them.
  static let html = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="\(policy)">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="referrer" content="no-referrer">
    <title>lbd · docs</title>
    <link rel="icon" href="\(icon)">
    <style>\(DocsStyle.css)</style>
    </head>
    <body>
    \(DocsMarkup.body)
    <script type="module">\(DocsScript.javaScript)</script>
    </body>
    </html>

    """

  /// Nothing runs but this style and this script, nothing is asked but lbd's own listener, and no
  /// text ever becomes markup: an answer of a replica is shown, whatever it holds.
  static let policy = """
    default-src 'none'; style-src '\(styleHash)'; script-src '\(scriptHash)'; \
    connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'
    """

  /// The hashes of the two, which DocsTests compares and names anew when one was changed.
  static let styleHash = "sha256-VsW5wcBVcKIjPgLkTs4jHZHdLTwmUppVzQS+2U2c7M4="
  static let scriptHash = "sha256-7HVW6hq0W/QEfPCW7oDBfI5cGGGWIdF40wH5lfDSA/U="

  /// In the page itself, so that no browser asks a replica for /favicon.ico and takes a turn.
  static let icon = """
    data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAQMAAAAlPW0iAAAABlBMVEUAAAAvgfeXN3anA\
    AAAAXRSTlMAQObYZgAAACBJREFUeNpjYGBgYD6AQIwNIFT/D4QMe0Co+h4CMTAAACQ+Declp14nAAAAAElFTkSuQmCC
    """
}
