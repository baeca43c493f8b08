/** Requests day by day, as bars; the number of each is told, too. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { number, t } from "../../messages/index.js";
import { moment } from "../../ui/when.js";

const WIDTH = 120;
const HEIGHT = 28;

export function DayBars({ days, shown }: {
  days: models.KeyUsage["days"];
  /** The days (UTC) from the first to the last. */
  shown: readonly string[];
}) {
  const most = Math.max(...days.map((each) => each.requests));
  const busiest = days.find((each) => each.requests === most);
  if (busiest === undefined || most === 0) return <span class="quiet">–</span>;
  const counts = new Map(days.map((each) => [each.day, each.requests]));
  const step = WIDTH / shown.length;
  return (
    <svg class="bars" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t("usage.most", { n: most, day: dayName(busiest.day) })}>
      {shown.map((day, index) => {
        const count = counts.get(day) ?? 0;
        const height = count === 0 ? 0 : Math.max(1, (count / most) * HEIGHT);
        return (
          <rect key={day} x={index * step} y={HEIGHT - height} width={step * 0.8} height={height}>
            <title>{`${dayName(day)}: ${number(count)}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

/** A day of UTC has the same name wherever the reader is: noon is that day in nearly all zones. */
function dayName(day: string): string {
  return moment(`${day}T12:00:00Z`, "day");
}
