import { useConnection } from '../live/live-provider.tsx'
import classes from './connection-bar.module.css'

const timeOf = (at: Date) => at.toLocaleTimeString([], { hour12: false })

/** Says that what the page shows may be old, and since when. */
export function ConnectionBar() {
  const connection = useConnection()
  return (
    <div role="status" className={connection.state === 'lost' ? classes.bar : undefined}>
      {connection.state === 'lost' &&
        `Connection lost. What you see is from ${timeOf(connection.asOf)}; trying again…`}
    </div>
  )
}
