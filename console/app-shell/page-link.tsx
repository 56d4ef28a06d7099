import { Link, useLocation } from '@tanstack/react-router'
import classes from './page-frame.module.css'

/** The way to a page, marked while one is there or in what `covers` begins. */
export function PageLink(props: {
  readonly to: '/' | '/platform'
  readonly covers: string
  readonly label: string
}) {
  const path = useLocation({ select: ({ pathname }) => pathname })
  const isHere = path === props.to || path.startsWith(props.covers)
  return (
    <Link to={props.to} className={classes.link} data-here={isHere || undefined}>
      {props.label}
    </Link>
  )
}
