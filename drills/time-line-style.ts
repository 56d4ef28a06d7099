/** Whose colours: the reader's, one scheme, or those of the page that the picture stands in. */
export type TimeLineScheme = 'auto' | 'light' | 'dark' | 'page'

const LIGHT =
  '--tl-page:#ffffff;--tl-text:#16191d;--tl-soft:#4d5661;--tl-grid:#dfe3e8;--tl-mark:#514dc6;--tl-band:#fdf1d8;--tl-good:#0b6238;--tl-bad:#b42318'
const DARK =
  '--tl-page:#1a1c24;--tl-text:#e8ebee;--tl-soft:#aab4bf;--tl-grid:#363c46;--tl-mark:#a19fea;--tl-band:#3a3118;--tl-good:#86e0ac;--tl-bad:#ff9a91'

/** What the parts of a picture look like; a page that holds pictures has these rules in its own style. */
export const TIME_LINE_RULES = `.time-line{${LIGHT}}
@media (prefers-color-scheme:dark){.time-line{${DARK}}}
.time-line text{font:14px system-ui,sans-serif;fill:var(--tl-text)}
.time-line .tl-head{font-weight:600}
.time-line .tl-soft{font-size:12px;fill:var(--tl-soft)}
.time-line .tl-good{fill:var(--tl-good);font-weight:600}
.time-line .tl-bad{fill:var(--tl-bad);font-weight:600}
.time-line .tl-end{text-anchor:end}
.time-line .tl-middle{text-anchor:middle}
.tl-page{fill:var(--tl-page)}
.tl-band{fill:var(--tl-band)}
.tl-grid{stroke:var(--tl-grid);fill:none}
.tl-line{stroke:var(--tl-mark);stroke-width:2;opacity:0.45;fill:none}
.tl-dot,.tl-bar{fill:var(--tl-mark)}`

/** The style element of a picture that stands alone. */
export function styleOf(scheme: TimeLineScheme): string {
  if (scheme === 'page') return ''
  const own = { auto: '', light: `\n.time-line{${LIGHT}}`, dark: `\n.time-line{${DARK}}` }[scheme]
  return `<style>${TIME_LINE_RULES}${own}</style>`
}
