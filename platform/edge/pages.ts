import { MaruError } from '#contract/errors.ts'

const answer = (status: string, type: string, body: string) =>
  [
    `HTTP/1.0 ${status}`,
    'Cache-Control: no-store',
    'Connection: close',
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')

const page = (title: string, text: string) =>
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>
<h1>${title}</h1>
<p>${text}</p>
</html>
`

/** Pages that the edge answers with when nothing behind it does. They name no host, address or product. */
export function renderPages(): Readonly<Record<string, string>> {
  const html = (status: string, title: string, text: string) =>
    answer(status, 'text/html; charset=utf-8', page(title, text))
  const again = 'Please try again in a moment. If you run this application, look at its log.'
  const control = new MaruError('unreachable', { what: 'The control plane' })
  return {
    '502.http': html('502 Bad Gateway', 'The application gave no valid answer', again),
    '503.http': html('503 Service Unavailable', 'The application is not answering', again),
    '504.http': html('504 Gateway Timeout', 'The application takes too long', again),
    'control.http': answer(
      '503 Service Unavailable',
      'application/json; charset=utf-8',
      `${JSON.stringify(control.toBody())}\n`,
    ),
  }
}
