import { useEffect, useState } from 'react'
import { serverNow } from './server-clock.ts'

/** The server's time, renewed every `everyMs`: for ages that go on while one looks. */
export function useServerTime(everyMs = 1000): Date {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
