// The colour scheme that the person chose, or the system's. Mantine keeps it under this name and takes over later.
try {
  const chosen = localStorage.getItem('mantine-color-scheme-value')
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  const scheme = chosen === 'light' || chosen === 'dark' ? chosen : dark ? 'dark' : 'light'
  document.documentElement.dataset.mantineColorScheme = scheme
  document.documentElement.style.colorScheme = scheme
} catch {
  // Storage is switched off: the system's scheme it is.
}
