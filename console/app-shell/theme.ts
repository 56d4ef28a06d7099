import {
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Modal,
  Tooltip,
} from '@mantine/core'

/** The one accent. Ten shades, light to dark; white text reads on 6 and darker. */
const iris: MantineColorsTuple = [
  '#f2f2fe',
  '#e2e2fb',
  '#c3c2f3',
  '#a19fea',
  '#8582e4',
  '#736fe0',
  '#605cdc',
  '#514dc6',
  '#4541ad',
  '#383593',
]

/** Greys of the dark scheme, a little blue. */
const dark: MantineColorsTuple = [
  '#e6e7ec',
  '#b9bbc6',
  '#9a9daa',
  '#6c6f7e',
  '#444754',
  '#333642',
  '#252832',
  '#1a1c24',
  '#14151b',
  '#0f1015',
]

const SYSTEM = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif'
const MONOSPACE = 'ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace'

/** How everything looks. */
export const theme = createTheme({
  colors: { iris, dark },
  primaryColor: 'iris',
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: 'md',
  fontFamily: SYSTEM,
  fontFamilyMonospace: MONOSPACE,
  cursorType: 'pointer',
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '1.5rem', lineHeight: '1.3' }, h2: { fontSize: '1.125rem', lineHeight: '1.4' } },
  },
  components: {
    // Its way of locking the page's scrolling makes a style element without a nonce; global.css does it instead.
    Modal: Modal.extend({
      defaultProps: {
        lockScroll: false,
        centered: true,
        radius: 'lg',
        closeButtonProps: { 'aria-label': 'Close' },
        // Its title bar is a <header>: without this, a second banner of the page.
        attributes: { header: { role: 'presentation' } },
      },
      styles: { title: { fontWeight: 650 } },
    }),
    // The keyboard scrolls a table that is wider than the screen; by name, so that only pages with one load it.
    TableScrollContainer: { defaultProps: { type: 'native', tabIndex: 0, pos: 'relative' } },
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 200 } }),
  },
})

/** Mantine's own dimmed, placeholder and error colours are too light to read (below 4.5 : 1). */
export const readableColours: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5a626b',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-placeholder': '#6a727b',
    '--maru-page': '#f7f7f9',
    '--maru-surface': '#ffffff',
    '--maru-line': '#e3e4ea',
    '--maru-chart-1': 'var(--mantine-color-iris-6)',
    '--maru-chart-2': 'var(--mantine-color-teal-8)',
    '--maru-chart-3': 'var(--mantine-color-orange-8)',
    '--maru-chart-4': 'var(--mantine-color-pink-7)',
    '--maru-chart-5': 'var(--mantine-color-cyan-8)',
    '--maru-chart-6': 'var(--mantine-color-grape-7)',
    '--maru-chart-warning': 'var(--mantine-color-yellow-8)',
    '--maru-chart-bad': 'var(--mantine-color-red-7)',
    '--maru-chart-mark': 'var(--mantine-color-dimmed)',
  },
  dark: {
    '--mantine-color-dimmed': '#a3a6b3',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-placeholder': '#8f92a0',
    '--maru-page': '#14151b',
    '--maru-surface': '#1a1c24',
    '--maru-line': '#2b2e39',
    '--maru-chart-1': 'var(--mantine-color-iris-4)',
    '--maru-chart-2': 'var(--mantine-color-teal-5)',
    '--maru-chart-3': 'var(--mantine-color-orange-5)',
    '--maru-chart-4': 'var(--mantine-color-pink-4)',
    '--maru-chart-5': 'var(--mantine-color-cyan-4)',
    '--maru-chart-6': 'var(--mantine-color-grape-4)',
    '--maru-chart-warning': 'var(--mantine-color-yellow-5)',
    '--maru-chart-bad': 'var(--mantine-color-red-6)',
    '--maru-chart-mark': 'var(--mantine-color-dimmed)',
  },
})
