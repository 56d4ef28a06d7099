import type { ReactNode } from 'react'
import classes from './picture.module.css'

/** Pictures beside each other, where there is room for two. */
export const Pictures = ({ children }: { readonly children: ReactNode }) => (
  <div className={classes.pictures}>{children}</div>
)

/** One of them under its name, with a word on what it shows. */
export function Picture(props: {
  readonly name: string
  readonly aside?: string
  readonly children: ReactNode
}) {
  return (
    <div className={classes.picture}>
      <h3 className={classes.name}>
        {props.name} {props.aside && <span>{props.aside}</span>}
      </h3>
      {props.children}
    </div>
  )
}
