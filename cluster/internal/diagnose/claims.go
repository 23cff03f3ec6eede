package diagnose

import (
	"fmt"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
)

const defaultClass = "storageclass.kubernetes.io/is-default-class"

// claim says why a claim has no volume.
func (in *inspector) claim(c core.PersistentVolumeClaim) {
	if c.Status.Phase == core.ClaimBound || c.DeletionTimestamp != nil {
		return
	}
	f := Finding{Name: claimUnbound, Object: "PersistentVolumeClaim " + c.Name, Remedy: in.see("pvc " + c.Name)}
	size := c.Spec.Resources.Requests[core.ResourceStorage]
	asks := fmt.Sprintf("it asks for %s", size.String())
	switch class := c.Spec.StorageClassName; {
	case c.Status.Phase == core.ClaimLost:
		f.Detail, f.Final = fmt.Sprintf("its volume %s is gone", c.Spec.VolumeName), true
		f.Remedy = "restore the volume, or delete the claim and its data"
	case class == nil && !slices.ContainsFunc(in.classes, isDefault):
		f.Name, f.Final = "no-default-storage-class", true
		f.Detail = fmt.Sprintf("%s and names no storage class, and the cluster has no default one%s", asks,
			in.classNames(" (it has ", ")"))
		f.Remedy = "set the claim's storage class (persistence.storageClass)" + in.classNames(" to one of: ", "") +
			", or mark one of the cluster's as the default"
	case class != nil && *class != "" && !in.hasClass(*class):
		f.Name, f.Final = "storage-class-unknown", true
		f.Detail = fmt.Sprintf("%s of storage class %q, which the cluster does not have%s", asks, *class,
			in.classNames(": it has ", ""))
		f.Remedy = "set the claim's storage class (persistence.storageClass)" + in.classNames(" to one of: ", "")
	case class != nil && *class == "":
		f.Detail = asks + " and says by storage class \"\" that nobody is to make a volume, and none that is there fits"
		f.Remedy = "make a PersistentVolume that fits, or set the claim's storage class (persistence.storageClass)" +
			in.classNames(" to one of: ", "")
	default:
		if !in.provisioning(c, asks, &f) {
			return
		}
	}
	in.add(f)
}

// provisioning reads what the provisioner says. It gives false where nothing is
// wrong yet.
func (in *inspector) provisioning(c core.PersistentVolumeClaim, asks string, f *Finding) bool {
	e, failed := in.lastEvent("PersistentVolumeClaim", c.Name, "ProvisioningFailed", "FailedBinding", "VolumeMismatch",
		"ClaimMisbound")
	waiting, waits := in.lastEvent("PersistentVolumeClaim", c.Name, "ExternalProvisioning")
	class := ""
	if c.Spec.StorageClassName != nil {
		class = *c.Spec.StorageClassName
	}
	switch {
	case failed:
		f.Name, f.Final = "provisioning-failed", true
		f.Detail = fmt.Sprintf("%s of storage class %q, and gets no volume: %s", asks, class, oneLine(e.Message))
		f.Remedy = "ask for what the storage class can give (persistence.size, persistence.accessMode), or choose " +
			"another one (persistence.storageClass)"
	case waits:
		f.Detail = fmt.Sprintf("%s of storage class %q, and waits for its provisioner: %s", asks, class,
			oneLine(waiting.Message))
		f.Remedy = "see whether the storage class' provisioner runs: " + in.provisioner(class)
	default:
		return false // it is new, or waits for its first pod
	}
	return true
}

func isDefault(c storage.StorageClass) bool { return c.Annotations[defaultClass] == "true" }

func (in *inspector) hasClass(name string) bool {
	return slices.ContainsFunc(in.classes, func(c storage.StorageClass) bool { return c.Name == name })
}

func (in *inspector) provisioner(class string) string {
	for _, c := range in.classes {
		if c.Name == class {
			return c.Provisioner
		}
	}
	return class
}

// classNames lists the storage classes between two words, "" where there are none.
func (in *inspector) classNames(before, after string) string {
	var names []string
	for _, c := range in.classes {
		names = append(names, c.Name)
	}
	if len(names) == 0 {
		return ""
	}
	return before + strings.Join(names, ", ") + after
}
