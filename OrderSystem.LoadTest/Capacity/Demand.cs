namespace OrderSystem.LoadTest.Capacity;

/// <summary>A measured point of a <see cref="Demand"/>.</summary>
/// <param name="Rate">Orders a second.</param>
/// <param name="Microseconds">CPU per order.</param>
internal readonly record struct DemandPoint(double Rate, double Microseconds);

/// <summary>
/// The service demand of an order: microseconds of CPU in one process. It falls with the rate, because more orders share a commit and a
/// wake-up. Between two measured rates it follows the power law through both. Outside of them it is an upper bound: as many cores as at the
/// lowest rate, and the demand of the highest.
/// </summary>
internal sealed class Demand
{
    private const int Halvings = 60;
    private readonly DemandPoint[] points;

    /// <param name="points">At least one, of any order.</param>
    internal Demand(IEnumerable<DemandPoint> points) => this.points = [.. points.OrderBy(point => point.Rate)];

    /// <summary>Microseconds per order at this many orders a second.</summary>
    internal double At(double rate)
    {
        if (rate <= points[0].Rate)
            return points[0].Microseconds * points[0].Rate / rate;
        var above = Array.FindIndex(points, point => point.Rate >= rate);
        if (above < 0)
            return points[^1].Microseconds;
        var (low, high) = (points[above - 1], points[above]);
        var exponent = Math.Log(high.Microseconds / low.Microseconds) / Math.Log(high.Rate / low.Rate);
        return low.Microseconds * Math.Pow(rate / low.Rate, exponent);
    }

    /// <summary>Utilisation law: busy cores = rate × demand.</summary>
    internal double CoresAt(double rate) => rate * At(rate) / 1e6;

    /// <summary>The orders a second that keep this many cores busy; 0 if the lowest measured rate already takes more.</summary>
    internal double RateOn(double cores)
    {
        if (CoresAt(points[0].Rate) > cores)
            return 0;
        var (low, high) = (points[0].Rate, Math.Max(points[^1].Rate, cores * 1e6 / points[^1].Microseconds));
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = CoresAt(middle) <= cores ? (middle, high) : (low, middle);
        }

        return low;
    }

    internal Demand Times(double factor) => new(points.Select(point => point with { Microseconds = point.Microseconds * factor }));
}
