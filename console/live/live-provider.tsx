import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { type Connection, type LiveHandlers, listen } from './connection.ts'
import { keyOf } from './topic-keys.ts'

const ConnectionContext = createContext<Connection>({ state: 'opening' })

/** Whether the page hears what changes. */
export const useConnection = (): Connection => useContext(ConnectionContext)

/** Listens to the platform for everything inside, and loads again what has changed. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient()
  const [connection, setConnection] = useState<Connection>({ state: 'opening' })
  useEffect(() => {
    const leaving = new AbortController()
    const handlers: LiveHandlers = {
      onHello: () => void queries.invalidateQueries(),
      onChanged: (topics) => {
        for (const topic of topics) void queries.invalidateQueries({ queryKey: keyOf(topic) })
      },
      onConnection: setConnection,
    }
    listen(handlers, leaving.signal)
    return () => leaving.abort()
  }, [queries])
  return <ConnectionContext value={connection}>{children}</ConnectionContext>
}
