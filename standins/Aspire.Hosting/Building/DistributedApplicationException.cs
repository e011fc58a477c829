namespace Aspire.Hosting;

/// <summary>The application cannot run as it is declared or configured.</summary>
public class DistributedApplicationException : Exception
{
    /// <summary>Creates an exception.</summary>
    public DistributedApplicationException()
    {
    }

    /// <summary>Creates an exception.</summary>
    public DistributedApplicationException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception.</summary>
    public DistributedApplicationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>A parameter has no value.</summary>
public class MissingParameterValueException : DistributedApplicationException
{
    /// <summary>Creates an exception.</summary>
    public MissingParameterValueException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception.</summary>
    public MissingParameterValueException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
