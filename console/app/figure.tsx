import type { ReactNode } from 'react'
import classes from './figure.module.css'

/** Figures side by side, up to the edges of their panel. */
export const Figures = ({ children }: { readonly children: ReactNode }) => (
  <dl className={classes.figures}>{children}</dl>
)

/** A figure with its name, large enough to be read from a distance. */
export function Figure(props: {
  readonly name: string
  readonly value: string
  readonly children?: ReactNode
}) {
  return (
    <div className={classes.figure}>
      <dt className={classes.name}>{props.name}</dt>
      <dd className={classes.value} data-live>
        {props.value}
        {props.children}
      </dd>
    </div>
  )
}
