import { useEffect, useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Calls the page by its name, in the browser's tab and for screen readers. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Maru`
    for (const listener of listeners) listener()
  }, [title])
}

/** What the page is called now. */
export const useCurrentTitle = (): string => useSyncExternalStore(subscribe, () => document.title)
