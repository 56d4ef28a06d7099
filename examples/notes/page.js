const escapeHtml = (text) => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

const item = (note) =>
  `<li>${escapeHtml(note.body)}<time>${note.written_at.toISOString().slice(0, 16).replace('T', ' ')}</time></li>`

/** The whole page; everything that people wrote is escaped. */
export const page = (notes) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Notes</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem }
  form { display: flex; gap: .5rem; margin: 1.5rem 0 }
  input { flex: 1; font: inherit; padding: .5rem .75rem }
  button { font: inherit; padding: .5rem 1rem }
  ul { list-style: none; padding: 0 }
  li { padding: .75rem 0; border-top: 1px solid #8884; overflow-wrap: anywhere }
  time { display: block; font-size: .8rem; opacity: .6 }
</style>
<h1>Notes</h1>
<form method="post"><input name="body" maxlength="1000" required autofocus placeholder="Write something down">
<button>Keep</button></form>
<ul>${notes.map(item).join('')}</ul>
</html>`
