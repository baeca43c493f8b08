/** Pictures beside words, never instead of them. 20 px, drawn with the colour of the text. */

const PATHS = {
  home: "M3 9.5 10 4l7 5.5V16a1 1 0 0 1-1 1h-3.5v-4.5h-5V17H4a1 1 0 0 1-1-1z",
  content: "M5 3h7l3 3v11H5zM12 3v3h3M7.5 10h5M7.5 13h5",
  review: "M3 10s2.5-5 7-5 7 5 7 5-2.5 5-7 5-7-5-7-5zM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  generations: "M10 3 3 6.5 10 10l7-3.5zM3 10l7 3.5 7-3.5M3 13.5 10 17l7-3.5",
  imports: "M10 3v9M6.5 8.5 10 12l3.5-3.5M4 13v3h12v-3",
  keys: "M12.5 9.5a3 3 0 1 0-2.8-2L4 13.2V16h3v-2h2v-2l1.5-1.5a3 3 0 0 0 2 0z",
  webhooks: "M10 6.5a2 2 0 1 0-1.5 1.9L6 13M5.5 15a2 2 0 1 0 2-2.5M8 14.5h5M14.5 14.5a2 2 0 1 0-1.8-3L10.5 8",
  search: "M9 14A5 5 0 1 0 9 4a5 5 0 0 0 0 10zM12.7 12.7 17 17",
  activity: "M3 10h3l2-5 4 10 2-5h3",
  settings: "M3 6h8M14 6h3M3 14h3M9 14h8M12.5 4v4M7.5 12v4",
  menu: "M3 6h14M3 10h14M3 14h14",
  close: "M5 5l10 10M15 5 5 15",
  code: "M7 6 3 10l4 4M13 6l4 4-4 4",
  check: "M4 10.5 8 14.5 16 6",
  warning: "M10 3.5 17.5 16h-15zM10 8v4M10 13.8v.4",
  stop: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM5.2 5.2l9.6 9.6",
  info: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9v4.5M10 6.4v.4",
  lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
  refresh: "M16 10a6 6 0 1 1-1.8-4.3M16 3v3.5h-3.5",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  arrow: "M4 10h12M11 5l5 5-5 5",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4l2.5 2",
  out: "M12 4h4v12h-4M3 10h9M8.5 6.5 12 10l-3.5 3.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
