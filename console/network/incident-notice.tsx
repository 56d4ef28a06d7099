import { CloseButton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { serverNow } from '../live/server-clock.ts'
import { type IncidentWatch, watchIncidents, withoutNews } from './incident-news.ts'
import classes from './incident-notice.module.css'
import { severityWord } from './incident-words.ts'
import { incidentsQuery } from './network-queries.ts'

/** Tells operators, on whichever page they are, that something serious has begun, and leads there. It takes no focus. */
export function IncidentNotice() {
  const { watch, know } = useIncidentWatch()
  const [first, ...others] = watch?.news ?? []
  const dismiss = () => {
    know()
    // What had the focus is gone.
    document.getElementById('content')?.focus()
  }
  return (
    <div role="status" className={classes.notice} data-shown={first !== undefined || undefined}>
      {first && (
        <>
          <div className={classes.words}>
            <strong>New incident, {severityWord(first.severity)}: </strong>
            <Link
              to="/platform/network/incidents/$incident"
              params={{ incident: first.id }}
              onClick={() => know(first.id)}
            >
              <bdi>{first.title}</bdi>
            </Link>
            {others.length > 0 && (
              <>
                {' '}
                <Link to="/platform/network/incidents" onClick={() => know()}>
                  and {others.length} more
                </Link>
              </>
            )}
          </div>
          <CloseButton size="sm" aria-label="Dismiss" onClick={dismiss} />
        </>
      )}
    </div>
  )
}

/** What there is to tell; `know` takes one of it, or all, as told. */
function useIncidentWatch() {
  const incidents = useQuery(incidentsQuery('open')).data?.incidents
  const [watch, setWatch] = useState<IncidentWatch>()
  const know = (id?: string) => setWatch((before) => before && withoutNews(before, id))
  const { incident: here } = useParams({ strict: false })
  useEffect(() => {
    if (incidents) setWatch((before) => watchIncidents(before, incidents, serverNow().getTime()))
  }, [incidents])
  useEffect(() => {
    if (here !== undefined) setWatch((before) => before && withoutNews(before, here))
  }, [here])
  return { watch, know }
}
